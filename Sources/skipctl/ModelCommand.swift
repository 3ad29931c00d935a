import ArgumentParser

/// `skipctl model …`: looks at, checks and converts models.
struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Looks at, checks and converts models.",
        subcommands: [ModelInspect.self, ModelVerify.self, ModelImportCommand.self, GradientsCommand.self, ModelPromote.self])
}
