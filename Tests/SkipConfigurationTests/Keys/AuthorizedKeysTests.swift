import Foundation
import SkipConfiguration
import SkipStream
import Testing

@Suite struct AuthorizedKeysTests {
    private static let key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
    private static let other = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

    /// Reads a file's text, or says what is wrong with it.
    private func read(_ text: String, mode: Int = 0o600) throws -> (keys: [AuthorizedKey], problems: String) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("authorized-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = FileManager.default.createFile(atPath: folder + "/keys", contents: Data(text.utf8), attributes: [.posixPermissions: mode])
        do throws(ConfigurationError) {
            return (try AuthorizedKeys.read(folder + "/keys"), "")
        } catch {
            return ([], error.description.replacing(folder + "/", with: ""))
        }
    }

    @Test("lines are read with their rights, whatever the blanks; comments and blank lines say nothing")
    func lines() throws {
        let text = """
            # who may

            \(Self.key) pump7 publish=["plant1/**","a\\"b\\\\c"] subscribe=["hint/plant1/"]
            \t \(Self.other)\tdisplay/1  subscribe = [ "" , "result/x" ]\r
            #

            """
        let expected = [
            AuthorizedKey(publicKey: Self.key, name: "pump7", publish: [StreamPattern("plant1/**"), StreamPattern("a\"b\\c")], subscribe: ["hint/plant1/"]),
            AuthorizedKey(publicKey: Self.other, name: "display/1", subscribe: ["", "result/x"]),
        ]
        #expect(try read(text).keys == expected)
        // What is written reads back.
        #expect(try read(expected.map(\.line).joined(separator: "\n")).keys == expected)
        #expect(try read("").keys.isEmpty)
    }

    @Test("a device that may do nothing has a line that says so, and reads back")
    func nothing() throws {
        let keys = try read("\(Self.key) pump7 publish=[]").keys
        #expect(keys == [AuthorizedKey(publicKey: Self.key, name: "pump7")])
        #expect(keys.map(\.line) == ["\(Self.key)  pump7  publish=[]"])
        #expect(try read("\(Self.key) pump7 subscribe=[]").keys == keys)
        #expect(try AuthorizedKey(checking: keys[0].line) == keys[0])
    }

    @Test("a line that begins with # is a comment, as no key does")
    func hash() throws {
        #expect(!CurveKeyText.isValid("#" + Self.key.dropFirst()))
        #expect(try read("#\(Self.key) a publish=[\"x\"]\n# b\n#\n").keys.isEmpty)
    }

    @Test("every malformed line is refused with file and line", arguments: [
        ("nonsense", "the line doesn't begin with a public key"),
        ("\(key.dropLast()) a publish=[\"x\"]", "the line doesn't begin with a public key"),
        ("\(key)", "after the key a name was expected"),
        ("\(key) publish=[\"x\"]", "after the key a name was expected"),
        ("\(key) a", "a has no rights"),
        ("\(key) a publish", "publish=[\"…\"] or subscribe=[\"…\"] was expected where the line says \"publish\""),
        ("\(key) a publish=x", "publish=[\"…\"] or subscribe=[\"…\"] was expected"),
        ("\(key) a publish=[x]", "the list of publish has something else than texts in double quotes"),
        ("\(key) a publish=[\"x\"", "the list of publish doesn't end"),
        ("\(key) a publish=[\"x\",]", "the list of publish has something else"),
        ("\(key) a publish=[\"x", "a text of publish has no closing quote"),
        ("\(key) a publish=[\"\\n\"]", "\\ stands before something else"),
        ("\(key) a publish=[\"\"]", "a pattern of stream names such as"),
        ("\(key) a publish=[\"x\"] publish=[\"y\"]", "publish is given twice for a"),
        ("\(key) a command=[\"x\"]", "there is no right \"command\""),
        ("\(key) a subscribe=[\"results/\"]", "topics begin with result/"),
        ("\(key) a subscribe=[\"result/*\"]", "* stands for itself"),
        ("\(key) a publish=[\"x\"] rest", "was expected where the line says \"rest\""),
    ])
    func malformed(line: String, sentence: String) throws {
        let outcome = try read("# first\n\(line)\n")
        #expect(outcome.problems.hasPrefix("keys:2: ") && outcome.problems.contains(sentence), "\(outcome.problems)")
        // Nor are the good ones used.
        #expect(try read("\(Self.other) b publish=[\"x\"]\n\(line)\n").keys.isEmpty)
    }

    @Test("all that is wrong is told, a key has one line, and who could write the file could let anybody in")
    func several() throws {
        let line = "\(Self.key) a publish=[\"x\"]"
        #expect(try read("x\ny\n").problems.split(separator: "\n").count == 2)
        #expect(try read("\(line)\n\n\(line)\n").problems.hasSuffix("keys:3: the key of a is in keys:1 already; a key has one line"))
        #expect(try read(line, mode: 0o666).problems == "keys: may be written by anybody, who could then let anybody in; chmod o-w it")
        #expect(try read("\(line)\n\(Self.other) a publish=[\"x\"]").keys.count == 2)
    }

    @Test("a folder's files are read in order, hidden ones and backups left out")
    func folder() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("authorized-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in [("b", "\(Self.key) b publish=[\"x\"]"), ("a", "\(Self.other) a publish=[\"x\"]"), (".hidden", "nonsense"), ("a~", "nonsense")] {
            _ = FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        }
        #expect(try AuthorizedKeys.read(folder).map(\.name) == ["a", "b"])
        try FileManager.default.createDirectory(atPath: folder + "/c", withIntermediateDirectories: true)
        #expect(throws: ConfigurationError.self) { try AuthorizedKeys.read(folder) }
        #expect(throws: ConfigurationError.self) { try AuthorizedKeys.read(folder + "/nowhere") }
    }

    @Test("addresses are in a range as far as its bits go, and an IPv4 address is one in IPv6's clothes too")
    func ranges() throws {
        let cases: [(String, [String], [String])] = [
            ("10.0.0.0/8", ["10.0.0.1", "10.255.255.255", "::ffff:10.1.2.3"], ["11.0.0.0", "9.255.255.255", "::1", "nonsense", ""]),
            ("192.168.1.7", ["192.168.1.7"], ["192.168.1.6", "192.168.1.8"]),
            ("10.32.0.0/11", ["10.63.255.255"], ["10.64.0.0", "10.31.255.255"]),
            ("0.0.0.0/0", ["1.2.3.4"], ["::1"]),
            ("fd00::/8", ["fd12::1"], ["fe80::1", "10.0.0.1"]),
            ("::1", ["::1"], ["::2"]),
        ]
        for (text, inside, outside) in cases {
            let range = try #require(AddressRange(text))
            for address in inside { #expect(range.contains(address), "\(address) in \(text)") }
            for address in outside { #expect(!range.contains(address), "\(address) in \(text)") }
        }
        for text in ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::/129", "localhost", "10.0.0.0/8/8", "10.0.0.0/-1"] { #expect(AddressRange(text) == nil, "\(text)") }
    }
}
