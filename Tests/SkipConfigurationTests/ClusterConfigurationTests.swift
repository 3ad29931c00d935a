import SkipConfiguration
import Testing

@Suite("[cluster]") struct ClusterConfigurationTests {
    private static let rest = "[[model]]\nname = \"watch\"\npath = \"watch.safetensors\"\n[[route]]\nmatch = \"**\"\nmodel = \"watch\"\n"

    @Test("every key is read, files are named from the configuration's folder, and without a role nothing is asked of NATS")
    func read() throws {
        let cluster = try Configuration(text: """
            [cluster]
            role = "worker"
            name = "worker-7"
            servers = ["nats://127.0.0.1:4222", "tls://nats.example:4222"]
            credentials = "nats.creds"
            ca = "/etc/ca.pem"
            certificate = "c.pem"
            key = "k.pem"
            replicas = 3
            keep = "1h"
            lease = "7s"
            \(Self.rest)
            """, file: "/etc/skipd/skipd.toml").cluster
        #expect(cluster.role == .worker && cluster.name == "worker-7" && cluster.servers == ["nats://127.0.0.1:4222", "tls://nats.example:4222"])
        #expect(cluster.credentials == "/etc/skipd/nats.creds" && cluster.ca == "/etc/ca.pem" && cluster.certificate == "/etc/skipd/c.pem" && cluster.key == "/etc/skipd/k.pem")
        #expect(cluster.replicas == 3 && cluster.keep == .seconds(3600) && cluster.lease == .seconds(7))
        #expect(try Configuration(text: Self.rest).cluster.role == nil)
        // A gateway has no use for a model.
        #expect(problems("[cluster]\nrole = \"gateway\"\nservers = [\"nats://127.0.0.1:4222\"]\n") == "")
    }

    @Test("what can't be is said with its line, and what to write", arguments: [
        ("role = \"workers\"", "2: role is \"workers\", \"gateway\", \"worker\", or \"\" for a skipd by itself, was expected"),
        ("role = \"worker\"", "2: [cluster] has the role \"worker\" but no servers; name those of NATS"),
        ("servers = [\"127.0.0.1:4222\"]", "2: servers has \"127.0.0.1:4222\", URLs such as \"nats://127.0.0.1:4222\" or \"tls://nats.example:4222\" were expected"),
        ("servers = [\"nats://me:secret@host\"]", "2: servers has \"nats://me:secret@host\", URLs such as \"nats://127.0.0.1:4222\" or \"tls://nats.example:4222\" were expected"),
        ("name = \"a.b\"", "2: name is \"a.b\", a name of letters, digits, - and _ was expected"),
        ("replicas = 6", "2: replicas is 6, a whole number from 1 to 5 was expected"),
        ("certificate = \"c.pem\"", "2: [cluster] has a certificate but no key; name the file of its key"),
        ("key = \"k.pem\"", "2: [cluster] has a key but no certificate; name the file of its certificate"),
        ("lease = \"500ms\"", "2: lease is shorter than a second, so a pause of the machine would cost a worker its shards; say \"5s\""),
        ("keep = \"1m\"", "2: keep is shorter than two minutes, the time in which JetStream knows a message again; say \"1h\""),
        ("leases = \"5s\"", "2: unknown key \"leases\" in [cluster]; did you mean \"lease\"?"),
    ])
    func refused(line: String, problem: String) {
        #expect(problems("[cluster]\n\(line)\n\(Self.rest)") == "skipd.toml:\(problem)")
    }
}
