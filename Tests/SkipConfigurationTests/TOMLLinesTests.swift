import SkipConfiguration
import Testing

@Suite struct TOMLLinesTests {
    private func lines(_ text: String) -> [String: Int] { TOMLLines(Array(text.utf8)).lineOfKey }

    @Test("keys are found behind comments, dots, quotes, long strings and inline tables")
    func forms() {
        let text = #"""
            # [ingest]
            a = """
            x = 1
            [b]
            """""
            'b.c' . d = 1 # e = 2
            "f\"]" = { g = [1, { h = '''
            i = 3''' }], j.k = 2 }
            [ l . "m n" ]
            o = [ # comment ]
              "]",
              2,
            ]
            [[p]]
            q = 1979-05-27T07:32:00Z
            [[p]]
            q = 2
            [p.r]
            s = 3
            """#
        #expect(lines(text) == [
            "a": 2, "b.c": 6, "b.c.d": 6, "f\\\"]": 7, "f\\\"].g": 7, "f\\\"].g[0]": 7, "f\\\"].g[1]": 7, "f\\\"].g[1].h": 7,
            "f\\\"].j": 8, "f\\\"].j.k": 8, "l.m n": 9, "l.m n.o": 10, "l.m n.o[0]": 11, "l.m n.o[1]": 12,
            "p": 14, "p[0]": 14, "p[0].q": 15, "p[1]": 16, "p[1].q": 17, "p[1].r": 18, "p[1].r.s": 19,
        ])
    }

    @Test("any text is read to its end")
    func arbitrary() {
        var generator = SystemRandomNumberGenerator()
        let seed = generator.next()
        var state = seed
        let alphabet = Array("[]{}=.,#\"'\\ \n\ta1".utf8)
        for _ in 0..<20_000 {
            var bytes: [UInt8] = []
            for _ in 0..<24 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            _ = TOMLLines(bytes)
        }
        print("TOMLLines: seed \(seed)")
    }
}
