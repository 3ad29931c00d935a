import Glibc
import SkipRNN
import Testing

/// A safetensors file's bytes from its header's text and as many data bytes as wanted.
func fileBytes(_ header: String, data: [UInt8] = [], headerLength: UInt64? = nil) -> [UInt8] {
    let text = Array(header.utf8)
    return withUnsafeBytes(of: (headerLength ?? UInt64(text.count)).littleEndian) { Array($0) } + text + data
}

/// A place for a test's file, taken away with the test's end.
struct TemporaryFile: ~Copyable {
    let path: String
    init(_ suffix: String = "safetensors") { path = "/tmp/skiprnn-test-\(UInt64.random(in: 0 ... .max)).\(suffix)" }
    deinit { unlink(path) }
}

@Suite("Safetensors files")
struct SafetensorsTests {
    private func refuses(_ bytes: [UInt8], _ problem: String, _ location: SourceLocation = #_sourceLocation) {
        #expect(throws: FileFormatError("x.safetensors", problem), sourceLocation: location) {
            try Safetensors(bytes: bytes, file: "x.safetensors")
        }
    }

    private let one = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#

    @Test("a file of tensors is read: types, shapes, values and metadata")
    func wellFormed() throws {
        let header = #"{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"I16","shape":[3],"data_offsets":[8,14]},"c":{"dtype":"U8","shape":[0],"data_offsets":[14,14]}}"#
        let file = try Safetensors(bytes: fileBytes(header, data: [0, 0, 128, 63, 0, 0, 0, 192, 1, 0, 255, 255, 0, 1]), file: "x.safetensors")
        #expect(file.metadata == ["k": "v"])
        #expect(file.entries["a"]?.shape == [2, 1])
        #expect(file.floats("a") == [1, -2])
        #expect(file.integers("b") == [1, -1, 256])
        #expect(file.integers("c") == [])
        #expect(file.integers("a") == nil, "floats are not integers")
        #expect(file.floats("d") == nil)
    }

    @Test("a file with fewer than eight bytes is refused", arguments: 0..<8)
    func tooShort(count: Int) {
        refuses([UInt8](repeating: 0, count: count), "has \(count) bytes, too few for a safetensors file's header length")
    }

    @Test("a header longer than 100 MB is refused, one byte less is not refused for it")
    func headerTooLong() {
        refuses(fileBytes("{}", headerLength: 100_000_001), "its header would be 100000001 bytes long, at most 100,000,000 are allowed; it is not a safetensors file, or is damaged")
        refuses(fileBytes("{}", headerLength: .max), "its header would be 18446744073709551615 bytes long, at most 100,000,000 are allowed; it is not a safetensors file, or is damaged")
        refuses(fileBytes("{}", headerLength: 100_000_000), "its header should be 100000000 bytes long, but the file ends after 2; it was cut short")
    }

    @Test("a file that ends within its header is refused")
    func headerCutShort() { refuses(fileBytes("{}", headerLength: 3), "its header should be 3 bytes long, but the file ends after 2; it was cut short") }

    @Test("a header that is not JSON is refused, with the byte", arguments: [
        ("", "an object was expected at byte 0"),
        ("[]", "an object was expected at byte 0"),
        ("{", "a string was expected at byte 1"),
        ("{}x", "text follows the value at byte 2"),
        (#"{"a" 1}"#, "a colon was expected at byte 5"),
        (#"{"a":{"dtype":"F32" "shape":[1]}}"#, "a comma or the object's end was expected at byte 20"),
        (#"{"a":{"dtype":"F32",}}"#, "a string was expected at byte 20"),
        (#"{"a":{"shape":[01]}}"#, "a number begins with a needless zero at byte 17"),
        (#"{"a":{"shape":[1.5]}}"#, "an integer was expected at byte 18"),
        (#"{"a":{"shape":[99999999999999999999]}}"#, "an integer is out of range at byte 35"),
        (#"{"a":{"dtype":nil}}"#, "a string was expected at byte 14"),
        (#"{"__metadata__":{"a":1}}"#, "a string was expected at byte 21"),
        ("{\"a\n\":1}", "a control character stands in a string at byte 3"),
        (#"{"\q":1}"#, "an escape is unknown at byte 2"),
        (#"{"\u12g4":1}"#, #"an escape is not \u and four hexadecimal digits at byte 2"#),
        (#"{"a"#, "a string does not end at byte 3"),
    ])
    func notJSON(header: String, problem: String) {
        refuses(fileBytes(header), "its header is not the JSON of a safetensors file: \(problem)")
    }

    @Test("a header that is not UTF-8 is refused")
    func notUTF8() {
        let bytes = withUnsafeBytes(of: UInt64(8).littleEndian) { Array($0) } + [UInt8(ascii: "{"), UInt8(ascii: "\""), 0xC3, 0x28, UInt8(ascii: "\""), UInt8(ascii: ":"), UInt8(ascii: "1"), UInt8(ascii: "}")]
        refuses(bytes, "its header is not the JSON of a safetensors file: a string is not UTF-8 at byte 4")
    }

    @Test("nesting without an end is refused, not followed")
    func deepNesting() {
        let header = #"{"a":{"x":"# + String(repeating: "[", count: 100_000)
        refuses(fileBytes(header), "its header is not the JSON of a safetensors file: the nesting is too deep at byte 73")
    }

    @Test("keys that come twice are refused")
    func duplicateKeys() {
        let a = #""a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#
        refuses(fileBytes("{\(a),\(a)}", data: [0, 0, 0, 0]), "its header has the tensor a twice")
        // The same name, written with an escape.
        refuses(fileBytes("{\(a),\(a.replacing("\"a\"", with: #""\u0061""#))}", data: [0, 0, 0, 0]), "its header has the tensor a twice")
        refuses(fileBytes(#"{"__metadata__":{"k":"1","k":"2"}}"#), "its metadata has the key k twice")
        refuses(fileBytes(#"{"__metadata__":{},"__metadata__":{}}"#), "its header has __metadata__ twice")
        refuses(fileBytes(#"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, data: [0, 0, 0, 0]), "the tensor a has dtype twice")
        refuses(fileBytes(#"{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}"#, data: [0, 0, 0, 0]), "the tensor a has shape twice")
        refuses(fileBytes(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"data_offsets":[0,4]}}"#, data: [0, 0, 0, 0]), "the tensor a has data_offsets twice")
    }

    @Test("tensors that overlap, leave a hole, or don't begin at the start are refused")
    func layout() {
        func two(_ a: String, _ b: String) -> String { #"{"a":{"dtype":"U8","shape":[4],"data_offsets":"# + a + #"},"b":{"dtype":"U8","shape":[4],"data_offsets":"# + b + "}}" }
        let data = [UInt8](repeating: 0, count: 9)
        refuses(fileBytes(two("[0,4]", "[3,7]"), data: data), "the tensor b at byte 3 overlaps the tensor before it, byte 4 was expected")
        refuses(fileBytes(two("[0,4]", "[5,9]"), data: data), "the tensor b at byte 5 leaves a hole before it, byte 4 was expected")
        refuses(fileBytes(two("[1,5]", "[5,9]"), data: data), "the tensor a at byte 1 leaves a hole before it, byte 0 was expected")
        refuses(fileBytes(two("[0,4]", "[0,4]"), data: Array(data[..<4])), "the tensor b at byte 0 overlaps the tensor before it, byte 4 was expected")
    }

    @Test("bytes missing from the last tensor, or appended to it, are refused")
    func fileEnd() {
        refuses(fileBytes(one, data: [0, 0, 0]), "its tensors end at byte 4, but the file has 3 bytes of them; it was cut short or something was appended")
        refuses(fileBytes(one, data: [0, 0, 0, 0, 0]), "its tensors end at byte 4, but the file has 5 bytes of them; it was cut short or something was appended")
        refuses(fileBytes("{}", data: [0]), "its tensors end at byte 0, but the file has 1 bytes of them; it was cut short or something was appended")
    }

    @Test("a shape times its type's size must be the tensor's bytes")
    func sizes() {
        func tensor(_ type: String, _ shape: String, _ offsets: String) -> [UInt8] {
            fileBytes(#"{"a":{"dtype":""# + type + #"","shape":"# + shape + #","data_offsets":"# + offsets + "}}", data: [0, 0, 0, 0])
        }
        refuses(tensor("F32", "[2]", "[0,4]"), "the tensor a of shape (2,) and dtype F32 has 4 bytes, which don't fit")
        refuses(tensor("F64", "[1]", "[0,4]"), "the tensor a of shape (1,) and dtype F64 has 4 bytes, which don't fit")
        refuses(tensor("U8", "[-4]", "[0,4]"), "the tensor a of shape (-4,) and dtype U8 has 4 bytes, which don't fit")
        refuses(tensor("U8", "[-2,-2]", "[0,4]"), "the tensor a of shape (-2, -2) and dtype U8 has 4 bytes, which don't fit")
        refuses(tensor("U8", "[4294967296,4294967296]", "[0,0]"), "the tensor a of shape (4294967296, 4294967296) and dtype U8 has 0 bytes, which don't fit")
        refuses(tensor("U8", "[4]", "[4,0]"), "the tensor a has data_offsets [4, 0], two ascending numbers were expected")
        refuses(tensor("U8", "[4]", "[-4,0]"), "the tensor a has data_offsets [-4, 0], two ascending numbers were expected")
        refuses(tensor("U8", "[4]", "[0]"), "the tensor a has data_offsets [0], two ascending numbers were expected")
        refuses(tensor("F8", "[4]", "[0,4]"), "the tensor a has the unknown dtype F8")
    }

    @Test("a tensor that lacks a field or has an unknown one is refused")
    func fields() {
        refuses(fileBytes(#"{"a":{"dtype":"U8","shape":[0]}}"#), "the tensor a needs dtype, shape and data_offsets")
        refuses(fileBytes(#"{"a":{}}"#), "the tensor a needs dtype, shape and data_offsets")
        refuses(fileBytes(#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"stride":{"deep":[1,2.5e3,true,null,"x"]}}}"#), "the tensor a has the unknown field stride")
    }

    @Test("what the writer writes is read back, whatever its names; equal content gives equal bytes")
    func roundTrip() throws {
        func writer() -> SafetensorsWriter {
            var writer = SafetensorsWriter(metadata: ["quote\"": "line\nbreak", "ключ": "значение"])
            writer.add("floats \u{1} \\", shape: [2, 2], floats: [1, -0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude])
            writer.add("bytes", shape: [3], bytes: [0, 127, 255])
            writer.add("integers", shape: [2], integers: [.min, .max])
            return writer
        }
        let bytes = writer().encoded()
        #expect(bytes == writer().encoded())
        let file = try Safetensors(bytes: bytes, file: "x.safetensors")
        #expect(file.metadata == writer().metadata)
        #expect(file.floats("floats \u{1} \\")?.map(\.bitPattern) == [Float(1), -0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude].map(\.bitPattern))
        #expect(file.integers("bytes") == [0, 127, 255])
        #expect(file.integers("integers") == [.min, .max])
    }

    @Test("every numeric type becomes the Float nearest to it", arguments: [
        ("F64", [0x9A, 0x99, 0x99, 0x99, 0x99, 0x99, 0xB9, 0x3F], Float(0.1)), ("F16", [0x00, 0xC0], -2), ("F16", [0x01, 0x00], 0x1p-24),
        ("BF16", [0x80, 0x3F], 1), ("I8", [0x80], -128), ("U8", [0xFF], 255), ("BOOL", [1], 1), ("I16", [0x00, 0x80], -32768), ("U16", [0xFF, 0xFF], 65535),
        ("I32", [0xFF, 0xFF, 0xFF, 0xFF], -1), ("U32", [0xFF, 0xFF, 0xFF, 0xFF], 0x1p32), ("I64", [0, 0, 0, 0, 0, 0, 0, 0x80], -0x1p63), ("U64", [0, 0, 0, 0, 0, 0, 0, 0x80], 0x1p63),
    ] as [(String, [UInt8], Float)])
    func types(name: String, bytes: [UInt8], value: Float) throws {
        let file = try Safetensors(bytes: fileBytes(#"{"a":{"dtype":""# + name + #"","shape":[1],"data_offsets":[0,"# + "\(bytes.count)]}}", data: bytes), file: "x.safetensors")
        #expect(file.floats("a") == [value])
    }

    @Test("a file that isn't there, or is a directory, is said to be so")
    func system() {
        #expect(throws: FileFormatError("/nowhere/x.safetensors", "can't be opened: No such file or directory")) { try Safetensors(contentsOf: "/nowhere/x.safetensors") }
        #expect(throws: FileFormatError("/tmp", "is a directory, a file was expected")) { try Safetensors(contentsOf: "/tmp") }
        #expect(throws: FileFormatError("/nowhere/x", "can't be written: No such file or directory")) { try SafetensorsWriter().write(to: "/nowhere/x") }
    }

    @Test("writing replaces a file, and the file behind a symbolic link, but never what isn't a file")
    func targets() throws {
        let file = TemporaryFile()
        let link = TemporaryFile("link")
        try SafetensorsWriter(metadata: ["version": "1"]).write(to: file.path)
        #expect(symlink(file.path, link.path) == 0)
        try SafetensorsWriter(metadata: ["version": "2"]).write(to: link.path)
        #expect(try Safetensors(contentsOf: file.path).metadata == ["version": "2"])
        var information = stat()
        #expect(lstat(link.path, &information) == 0 && information.st_mode & S_IFMT == S_IFLNK)
        // A pipe stands for everything that isn't a file; a mistake here must not cost the machine a device.
        let pipe = TemporaryFile("pipe")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        let reader = open(pipe.path, O_RDWR | O_NONBLOCK)
        defer { close(reader) }
        try SafetensorsWriter(metadata: ["version": "3"]).write(to: pipe.path)
        #expect(lstat(pipe.path, &information) == 0 && information.st_mode & S_IFMT == S_IFIFO)
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(reader, &bytes, bytes.count)
        #expect(bytes.prefix(max(0, count)).elementsEqual(SafetensorsWriter(metadata: ["version": "3"]).encoded()))
    }
}
