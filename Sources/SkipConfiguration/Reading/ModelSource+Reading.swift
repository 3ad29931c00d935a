extension ModelSource {
    /// Reads a `[[model]]`; nil where it lacks what it needs.
    init?(_ section: inout SectionReader, file: String) {
        section.require("name", "routes use it to say which model they mean")
        section.require("path", "it says where the model's file is")
        let name = section.string("name", default: "", expected: "a name of 1 to 255 bytes without control characters") {
            (1...255).contains($0.utf8.count) && !$0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f }
        }
        let path = section.string("path", default: "", expected: "a model file's path") { !$0.isEmpty }
        guard !name.isEmpty, !path.isEmpty else { return nil }
        let folder = file.lastIndex(of: "/").map { file[...$0] } ?? ""
        self.init(name: name, path: path.hasPrefix("/") ? path : folder + path, place: section.notes.place("\(section.name).path"))
    }
}
