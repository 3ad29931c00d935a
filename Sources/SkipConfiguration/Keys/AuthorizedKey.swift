public import SkipRNN
public import SkipStream

/// A device that may talk to skipd, as a line of an authorized keys file has it: public key, name, rights.
///
///     Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID  pump7  publish=["plant1/pump7/**"] subscribe=["hint/plant1/pump7/"]
///
/// `publish` has globs over stream names, as in routes; `subscribe` has beginnings of topics. What isn't given isn't allowed.
public struct AuthorizedKey: Sendable, Equatable {
    /// The device's public key, 40 characters of Z85.
    public var publicKey: String
    /// What logs call it.
    public var name: String
    /// The streams it may publish.
    public var publish: [StreamPattern]
    /// What its subscriptions must begin with. The empty text is everything.
    public var subscribe: [String]

    public init(publicKey: String, name: String, publish: [StreamPattern] = [], subscribe: [String] = []) {
        self.publicKey = publicKey
        self.name = name
        self.publish = publish
        self.subscribe = subscribe
    }

    /// The line that reads back as this key.
    public var line: String {
        var rights = [("publish", publish.map(\.text)), ("subscribe", subscribe)].filter { !$0.1.isEmpty }
        // A line has to say so where a device may do nothing.
        if rights.isEmpty { rights = [("publish", [])] }
        let texts = rights.map { name, values in "\(name)=[\(values.map(quoted).joined(separator: ", "))]" }
        return ([publicKey, name] + texts).joined(separator: "  ")
    }

    /// The kinds of topics there are.
    private static let topics = ["result/", "hint/", "event/", "sample/"]

    /// Reads a line as files have it.
    public init(checking line: String) throws(FileFormatError) {
        do throws(Problem) { try self.init(line: line[...]) } catch { throw FileFormatError("authorized_keys", error.sentence) }
    }

    /// Reads a line that is no comment.
    /// - Throws: what is wrong with it, without its place.
    init(line: Substring) throws(Problem) {
        var text = line
        guard let key = text.takeWord(), CurveKeyText.isValid(key) else {
            throw Problem("the line doesn't begin with a public key, 40 characters of Z85 as `skipctl keygen` prints them; a comment begins with #")
        }
        guard let name = text.takeWord(), Self.isName(name) else {
            throw Problem("after the key a name was expected, up to 64 letters, digits and . _ - / :")
        }
        self.init(publicKey: String(key), name: String(name))
        var given: [String] = []
        while let right = try text.takeRight() {
            guard !given.contains(right.name) else { throw Problem("\(right.name) is given twice for \(name)") }
            given.append(right.name)
            switch right.name {
            case "publish": publish = try right.values.map(Self.pattern)
            case "subscribe": subscribe = try right.values.map(Self.prefix)
            default: throw Problem("there is no right \"\(right.name)\"; there are publish and subscribe")
            }
        }
        guard !given.isEmpty else { throw Problem("\(name) has no rights; add publish=[\"…\"] or subscribe=[\"…\"]") }
    }

    /// What is wrong with a line.
    struct Problem: Error {
        let sentence: String
        init(_ sentence: String) { self.sentence = sentence }
    }

    private static func isName(_ name: Substring) -> Bool {
        (1...64).contains(name.utf8.count) && name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-")...UInt8(ascii: ":"), UInt8(ascii: "_"): true
            default: false
            }
        }
    }

    private static func pattern(_ text: String) throws(Problem) -> StreamPattern {
        guard isPrintable(text), !text.isEmpty else { throw Problem("publish has \(quoted(text)), a pattern of stream names such as \"plant1/**\" was expected") }
        return StreamPattern(text)
    }

    private static func prefix(_ text: String) throws(Problem) -> String {
        guard isPrintable(text), topics.contains(where: { $0.hasPrefix(text) || text.hasPrefix($0) }) else {
            throw Problem("subscribe has \(quoted(text)), but topics begin with result/, hint/, event/ or sample/; write \"result/plant1/\", or \"\" for everything")
        }
        guard !text.contains("*") else { throw Problem("subscribe has \(quoted(text)): it takes beginnings of topics, in which * stands for itself") }
        return text
    }

    private static func isPrintable(_ text: String) -> Bool { text.utf8.count <= 262 && !text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f } }
}

extension Substring {
    fileprivate mutating func skipBlank() { self = drop { $0 == " " || $0 == "\t" || $0 == "\r" } }

    /// Takes what stands before the next blank; nil at the end.
    fileprivate mutating func takeWord() -> Substring? {
        skipBlank()
        let word = prefix { $0 != " " && $0 != "\t" && $0 != "\r" }
        self = self[word.endIndex...]
        return word.isEmpty ? nil : word
    }

    /// Takes `name = ["text", …]`; nil at the end.
    fileprivate mutating func takeRight() throws(AuthorizedKey.Problem) -> (name: String, values: [String])? {
        skipBlank()
        if isEmpty { return nil }
        let name = prefix { $0.isASCII && $0.isLetter }
        self = self[name.endIndex...]
        let isList = take("=") && take("[")
        guard !name.isEmpty, isList else { throw AuthorizedKey.Problem("publish=[\"…\"] or subscribe=[\"…\"] was expected where the line says \"\((name + self).prefix(40))\"") }
        var values: [String] = []
        if take("]") { return (String(name), values) }
        repeat { values.append(try takeString(of: name)) } while take(",")
        guard take("]") else { throw AuthorizedKey.Problem("the list of \(name) doesn't end: a comma or ] was expected where the line says \"\(prefix(40))\"") }
        return (String(name), values)
    }

    private mutating func take(_ character: Character) -> Bool {
        skipBlank()
        guard first == character else { return false }
        removeFirst()
        return true
    }

    private mutating func takeString(of name: Substring) throws(AuthorizedKey.Problem) -> String {
        guard take("\"") else { throw AuthorizedKey.Problem("the list of \(name) has something else than texts in double quotes: \"\(prefix(40))\"") }
        var text = ""
        while let character = popFirst() {
            switch character {
            case "\"": return text
            case "\\":
                guard let escaped = popFirst(), escaped == "\"" || escaped == "\\" else { throw AuthorizedKey.Problem("in a text of \(name), \\ stands before something else than \" or \\") }
                text.append(escaped)
            default: text.append(character)
            }
        }
        throw AuthorizedKey.Problem("a text of \(name) has no closing quote")
    }
}
