import ArgumentParser
import Glibc
import SkipConfiguration
import SkipStream
import ZeroMQ

/// `skipctl keygen`: makes key pairs for the daemon and for devices.
struct Keygen: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a key pair for the daemon or for a device.",
        discussion: """
            With --server it writes the daemon's secret key, for [security] server_key, and beside it a file that ends in .pub with the public key, which \
            every device needs. With --device it writes the device's pair, and prints the line for authorized_keys that lets it in.

            Files are as CZMQ and pyzmq (zmq.auth.load_certificate) read them; those with a secret key have mode 0600. None is ever overwritten.
            """)

    @Flag(help: "A pair for the daemon.")
    var server = false
    @Option(help: ArgumentHelp("A pair for the device of this name.", valueName: "name"))
    var device: String?
    @Option(help: ArgumentHelp("Streams that the device may publish, a glob as in routes; may be given more than once. (default: NAME and NAME/**)", valueName: "glob"))
    var publish: [String] = []
    @Option(help: ArgumentHelp("What the device's subscriptions must begin with, such as result/plant1/; may be given more than once. (default: none)", valueName: "prefix"))
    var subscribe: [String] = []
    @Option(name: .shortAndLong, help: ArgumentHelp("Where the secret key goes. (default: server.key or NAME.key)", valueName: "file"), completion: .file())
    var output: String?

    func validate() throws {
        guard server != (device != nil) else { throw ValidationError("give either --server or --device NAME") }
        guard device != nil || (publish.isEmpty && subscribe.isEmpty) else { throw ValidationError("--publish and --subscribe are for --device") }
        if let device {
            // What skipd would refuse to read isn't written.
            do { _ = try AuthorizedKey(checking: line(device, publicKey: String(repeating: "0", count: CurveKeyText.length))) } catch { throw ValidationError("\(error)") }
        }
    }

    func run() throws {
        let keys = try CurveKeyPair.random()
        guard let device else {
            let output = output ?? "server.key"
            try write(KeyFile.text("skipd's secret key: nobody else's business", publicKey: keys.publicKey, secretKey: keys.secretKey), to: output, mode: 0o600)
            try write(KeyFile.text("skipd's public key: for every device", publicKey: keys.publicKey), to: output + ".pub", mode: 0o644)
            print(keys.publicKey)
            tell("the secret key is in \(output), the public one in \(output).pub and above")
            return
        }
        // A file's name is the device's last part.
        let output = output ?? "\(device.split(separator: "/").last ?? "device").key"
        try write(KeyFile.text("the key pair of \(device)", publicKey: keys.publicKey, secretKey: keys.secretKey), to: output, mode: 0o600)
        print(line(device, publicKey: keys.publicKey))
        tell("the device's keys are in \(output); add the line above to authorized_keys, then `skipctl reload`")
    }

    private func line(_ device: String, publicKey: String) -> String {
        let streams = publish.isEmpty && subscribe.isEmpty ? [device, "\(device)/**"] : publish
        return AuthorizedKey(publicKey: publicKey, name: device, publish: streams.map { StreamPattern($0) }, subscribe: subscribe).line
    }

    /// Writes a new file.
    private func write(_ text: String, to path: String, mode: mode_t) throws(CommandFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            throw CommandFailure(errno == EEXIST ? "\(path): is there already, and a key is never overwritten; remove it or give another --output" : "\(path): can't be written: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        // As asked for, whatever the umask adds; a key that isn't whole is none.
        let bytes = Array(text.utf8)
        guard fchmod(descriptor, mode) == 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(path)
            throw CommandFailure("\(path): can't be written: \(reason)")
        }
    }
}
