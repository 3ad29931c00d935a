import SkipConfiguration
import Testing

/// What is wrong with a file, a line a problem; "" if nothing is.
func problems(_ text: String) -> String {
    do throws(ConfigurationError) {
        _ = try Configuration(text: text)
        return ""
    } catch {
        return error.description
    }
}

@Suite struct ConfigurationErrorTests {
    @Test("a syntax error is told with line and column")
    func syntax() {
        let message = problems("[ingest]\nbind = [\"tcp://127.0.0.1:1\"\n\n[results]\n")
        #expect(message.hasPrefix("skipd.toml:4:1: ") || message.hasPrefix("skipd.toml:4:2: "), "\(message)")
        #expect(problems("[ingest]\npattern = sub\n").hasPrefix("skipd.toml:2:"))
        #expect(problems("a = 1\na = 2\n").hasPrefix("skipd.toml:2:"))
    }

    @Test("all problems are reported, in the file's order")
    func all() {
        let text = """
            [ingest]
            heartbeet = "10s"
            pattern = "subscribe"
            heartbeat = 10

            [limits]
            max_streams = 0
            max_message = "1MB"

            [[model]]
            name = "watch"
            path = "watch.safetensors"

            [[route]]
            match = "watch/*"
            model = "wach"
            stretch = 0.5
            emit = "always"
            min_p = 1.5
            hold = 0
            """
        #expect(problems(text) == """
            skipd.toml:2: unknown key "heartbeet" in [ingest]; did you mean "heartbeat"?
            skipd.toml:3: pattern is "subscribe", "sub" or "pull" was expected
            skipd.toml:4: heartbeat is 10, a duration such as "500ms", "10s", "5m" or "24h", or "0" for none, was expected
            skipd.toml:7: max_streams is 0, a whole number from 1 to 1000000000 was expected
            skipd.toml:8: max_message is "1MB", a size such as "64KiB" or "1MiB", from 512B to 1GiB, was expected
            skipd.toml:16: model is "wach", but no [[model]] has that name; did you mean "watch"?
            skipd.toml:17: stretch is 0.5, a number from 1.0 up was expected
            skipd.toml:18: emit is "always", "update", "change", "end" or a number of timesteps from 1 up was expected
            skipd.toml:19: min_p is 1.5, a number from 0.0 to 1.0 was expected
            skipd.toml:20: hold is 0, a whole number from 1 to 1000000 was expected
            """)
    }

    @Test("a key that resembles none is answered with those there are")
    func unknown() {
        #expect(problems("[security]\nzebra = 1\n") == "skipd.toml:2: unknown key \"zebra\" in [security]; its keys are insecure, server_key, authorized_keys, allow, handshake_timeout")
        #expect(problems("[ingst]\n") == "skipd.toml:1: unknown key \"ingst\"; did you mean \"ingest\"?")
        #expect(problems("zebra = 1\n").hasPrefix("skipd.toml:1: unknown key \"zebra\"; there are ingest, results, control, http,"))
    }

    @Test("a table of the wrong form is told how to be written")
    func forms() {
        #expect(problems("ingest = 5\n") == "skipd.toml:1: ingest is 5, a table [ingest] was expected")
        #expect(problems("\n[model]\nname = \"a\"\n") == "skipd.toml:2: [model] must be written [[model]], in double brackets, since there may be several")
        #expect(problems("[[limits]]\n") == "skipd.toml:1: limits is given several times; write [limits] once, in single brackets")
        #expect(problems("route = [1]\n") == "skipd.toml:1: route has 1, tables [[route]] were expected")
        #expect(problems("[limits]\nmax_streams = 1979-05-27\n").hasPrefix("skipd.toml:2: max_streams is a date, a whole number"))
    }

    @Test("a model and a route say what they lack")
    func missing() {
        #expect(problems("[[model]]\n[[route]]\n") == """
            skipd.toml:1: [[model]] has no name; routes use it to say which model they mean
            skipd.toml:1: [[model]] has no path; it says where the model's file is
            skipd.toml:2: [[route]] has no match; it says which streams are meant, such as "watch/*"
            skipd.toml:2: [[route]] has no model; it says by its name which model runs the streams
            """)
    }

    @Test("a table's name that is none is told with its place, and ends nothing", arguments: ["[=]", "[é]", "[[!]]", "[ # a ]", "[", "[\n]", "[[\u{FFFD}"])
    func headers(header: String) {
        #expect(problems("\(header)\n").contains(": a table's name was expected after ["), "\(problems("\(header)\n"))")
        #expect(problems("[ingest]\n\t\(header)\n").hasPrefix("skipd.toml:2:"))
    }

    @Test("a date without the time that it announces is told with its place, and ends nothing", arguments: ["`07:32:00", ":0", "", "-00:00", "Z", " 07:32"])
    func times(time: String) {
        #expect(problems("[limits]\nmax_streams = 1979-05-27T\(time)\n") == "skipd.toml:2:26: a time of day was expected after the date and T")
        #expect(problems("a = [1979-05-27t\(time)]\n").hasPrefix("skipd.toml:1:17: a time of day"))
    }

    @Test("a brace in the place of an array's element is told with its place, and ends nothing")
    func braces() {
        #expect(problems("[ingest]\nbind = [}\n") == "skipd.toml:2:9: a value or ] was expected, not }")
        #expect(problems("[ingest]\nbind = [\"tcp://127.0.0.1:1\", # {\n\n  }]\n") == "skipd.toml:4:3: a value or ] was expected, not }")
        #expect(problems("a = [{}, { b = [] }, {}]\n").hasPrefix("skipd.toml:1: unknown key"))
    }

    @Test("in quotes and in comments neither headers nor dates are looked for")
    func covered() {
        for quoted in ["\"\"\"\n[=]\\\" 1979-05-27Tx\"\"\"\"\"", "\'\'\'\n[=]\\ 1979-05-27Tx\'\'\'\'", "\"[=] \\\" 1979-05-27Tx\"", "'[=] \\ 1979-05-27Tx'", "'' # '\n# [=] 1979-05-27Tx"] {
            #expect(problems("[ingest]\npattern = \(quoted)\n").contains(": pattern is \""), "\(problems("[ingest]\npattern = \(quoted)\n"))")
        }
        #expect(problems("[ingest]\npattern = \"\"\"a\"\"\" # \"\n[=]\n").hasPrefix("skipd.toml:3:2: a table's name"))
        #expect(problems("[ingest]\npattern = 'a' # \"\"\"\n[=]\n").hasPrefix("skipd.toml:3:2: a table's name"))
    }

    // toml++ (3.4) declares it impossible that these come where it looks for blanks, so what it makes of them is the compiler's choice.
    @Test("a letter of another alphabet outside of quotes is refused where it stands, and kept in a text")
    func letters() {
        for range in [0xA1...0x499, 0x2DE6...0x2FFF, 0x3001...0x31DF, 0xFDA6...0xFEFE] as [ClosedRange<UInt32>] {
            for letter in range.compactMap({ Unicode.Scalar($0) }) {
                let refusal = problems("[ingest]\(letter)\n")
                #expect(refusal.hasPrefix("skipd.toml:1:"), "U+\(String(letter.value, radix: 16)): \(refusal)")
            }
        }
        for blank in ["\u{A0}", "\u{2003}", "\u{2028}", "\u{FEFF}", "”"] {
            #expect(problems("[limits]\nmax_streams\(blank) = 5\n") == "skipd.toml:2:12: a character beyond ASCII may stand in quotes or in a comment only")
        }
        #expect(problems("\u{FEFF}[limits] # é\nmax_streams = 5 # “\n") == "")
        // Behind a break that is taken out, it looks for blanks in a text.
        let text = "[ingest]\npattern = \"\"\"\\\n  Д\u{FDA6}\u{31DF} x\"\"\"\n"
        #expect(problems(text).contains("pattern is \"Д\u{FDA6}\u{31DF} x\""), "\(problems(text))")
    }

    @Test("two models of one name are refused")
    func duplicates() {
        let text = smallest + "\n[[model]]\nname = \"watch\"\npath = \"b\"\n"
        #expect(problems(text) == "skipd.toml:10: two models have the name \"watch\" (the first is on line 3); give one of them another")
    }

    @Test("each bad endpoint is told on its own line")
    func endpoints() {
        let text = """
            [ingest]
            bind = [
              "tcp://127.0.0.1:5570",
              "udp://127.0.0.1:5570", # no such transport
              7,
              "tcp://127.0.0.1:5570",
            ]
            connect = ["tcp://127.0.0.1:0"]
            """
        let expected = "an endpoint such as \"tcp://127.0.0.1:5570\" or \"ipc:///run/skipd/name.sock\" (a path of at most 107 bytes) was expected"
        #expect(problems(text) == """
            skipd.toml:4: bind has "udp://127.0.0.1:5570", \(expected)
            skipd.toml:5: bind has 7, \(expected)
            skipd.toml:6: bind names tcp://127.0.0.1:5570 twice
            skipd.toml:8: connect has "tcp://127.0.0.1:0", an endpoint to connect to, with a host and a port, was expected
            """)
        #expect(problems("[ingest]\nbind = []\n").hasPrefix("skipd.toml:1: [ingest] neither binds nor connects"))
    }

    @Test("two sockets at one address are refused, also where one of them is a default", arguments: [
        ("[ingest]\nbind = [\"tcp://127.0.0.1:5571\"]", 2, "[ingest] bind and [results] bind", "tcp://127.0.0.1:5571"),
        ("[ingest]\nbind = [\"ipc:///a\"]\n[results]\nbind = [\"ipc:///b\", \"ipc:///a\"]", 4, "[ingest] bind and [results] bind", "ipc:///a"),
        ("[results]\nbind = [\"tcp://localhost:9470\"]", 2, "[results] bind and [http] listen", "tcp://localhost:9470 and tcp://127.0.0.1:9470"),
        ("[security]\ninsecure = true\n[http]\nlisten = \"*:5570\"", 4, "[ingest] bind and [http] listen", "tcp://127.0.0.1:5570 and tcp://*:5570"),
        ("[control]\nbind = \"ipc:///a\"\n[results]\nbind = [\"ipc:///a\"]", 2, "[results] bind and [control] bind", "ipc:///a"),
    ])
    func listeners(text: String, line: Int, who: String, address: String) {
        #expect(problems(text + "\n") == "skipd.toml:\(line): \(who) would listen at one address, \(address); give each its own")
    }

    @Test("sockets whose ports the system chooses, or at addresses of their own, are none at one address")
    func listenersApart() {
        #expect(problems("[ingest]\nbind = [\"tcp://127.0.0.1:*\", \"tcp://127.0.0.2:5571\"]\n[results]\nbind = [\"tcp://127.0.0.1:*\"]\n[http]\nlisten = \"127.0.0.1:0\"\n") == "")
    }

    @Test("plaintext that others can reach is refused with the sentence that tells how to allow it")
    func plaintext() {
        let text = """
            [ingest]
            bind = ["tcp://127.0.0.1:5570", "tcp://*:5570"]
            connect = ["tcp://10.0.0.7:6000"]
            [results]
            bind = ["tcp://192.0.2.1:5571"]
            [http]
            listen = "0.0.0.0:9470"
            """
        let risk = "reaches beyond this machine, and plaintext on it could be read and forged by others; use 127.0.0.1"
        let allow = "or allow it with insecure = true in [security]"
        let keys = "or an ipc endpoint, secure it with server_key and authorized_keys in [security], \(allow)"
        let connect = "skipd.toml:3: tcp://10.0.0.7:6000 \(risk) or an ipc endpoint, secure it with a [[peer]] that has its key, \(allow)"
        let listen = "skipd.toml:7: 0.0.0.0:9470 \(risk), \(allow)"
        #expect(problems(text) == """
            skipd.toml:2: tcp://*:5570 \(risk) \(keys)
            \(connect)
            skipd.toml:5: tcp://192.0.2.1:5571 \(risk) \(keys)
            \(listen)
            """)
        #expect(problems(text + "\n[security]\ninsecure = true\n") == "")
        // Keys secure what devices use, and nothing else.
        #expect(problems(text + "\n[security]\nserver_key = \"a\"\nauthorized_keys = \"b\"\n") == "\(connect)\n\(listen)")
    }

    @Test("a control socket that is no file is refused: every user of the machine could command skipd")
    func control() {
        for endpoint in ["tcp://127.0.0.1:5572", "ipc://@skipd"] {
            #expect(problems("[control]\nbind = \"\(endpoint)\"\n").hasPrefix("skipd.toml:2: \(endpoint) lets every user of this machine, or of others, command skipd; use an ipc endpoint with a path"))
        }
        #expect(problems("[control]\nbind = \"tcp://127.0.0.1:5572\"\n[security]\ninsecure = true\n") == "")
    }

    @Test("keys without the other half, peers without keys, and addresses that are none are refused")
    func keys() {
        #expect(problems("[security]\nserver_key = \"a\"\n").hasPrefix("skipd.toml:2: [security] has a server_key but no authorized_keys"))
        #expect(problems("[security]\nauthorized_keys = \"a\"\n").hasPrefix("skipd.toml:2: [security] has authorized_keys but no server_key"))
        #expect(problems("[security]\nallow = [\"10.0.0.0/8\", \"10.0.0\"]\n") == "skipd.toml:2: allow has \"10.0.0\", addresses such as \"10.0.0.0/8\" or \"fd00::1\" were expected")
        let peer = "[ingest]\nconnect = [\"tcp://127.0.0.1:6000\"]\n[[peer]]\nendpoint = \"tcp://127.0.0.1:6000\"\nkey = \"\(String(repeating: "0", count: 40))\"\npublish = [\"a/**\"]\n"
        #expect(problems(peer) == "skipd.toml:3: a [[peer]] needs a server_key in [security], with which skipd shows who it is")
        let secured = peer + "[security]\nserver_key = \"a\"\nauthorized_keys = \"b\"\n"
        #expect(problems(secured) == "")
        #expect(problems(secured.replacing("6000\"]", with: "6001\"]")).contains("an endpoint that [ingest] connect names was expected"))
        #expect(problems(secured.replacing("key = \"0", with: "key = \"~")).contains("a public key, 40 characters of Z85, was expected"))
    }

    @Test("a file that isn't there, a folder, bytes that are no text and a zero byte are one sentence each")
    func unreadable() {
        #expect(throws: ConfigurationError.self) { try Configuration(contentsOf: "/nowhere/skipd.toml") }
        do { _ = try Configuration(contentsOf: "/nowhere/skipd.toml") } catch { #expect(error.description == "/nowhere/skipd.toml: can't be opened: No such file or directory") }
        do { _ = try Configuration(contentsOf: "/tmp") } catch { #expect(error.description == "/tmp: is a directory, a file was expected") }
        #expect(problems("[ingest]\n# \0\n") == "skipd.toml:2: a zero byte is not allowed")
    }
}
