import Glibc

extension Configuration {
    /// Where the configuration lies unless something else is said.
    public static let defaultPath = "/etc/skipd/skipd.toml"
    /// The environment variable that names the configuration for skipctl.
    public static let pathVariable = "SKIPD_CONFIG"

    /// The path that clients of the daemon read: the `--config` flag's, else `$SKIPD_CONFIG`, else the default one.
    public static func path(flag: String?, variable: String? = environment(pathVariable)) -> String {
        flag ?? variable.flatMap { $0.isEmpty ? nil : $0 } ?? defaultPath
    }

    /// Reads the configuration for a client of the daemon. Where nobody named a file and the default one doesn't exist, the defaults hold: a
    /// client on a machine without the daemon needs no file.
    public static func forClient(flag: String?, variable: String? = environment(pathVariable)) throws(ConfigurationError) -> Configuration {
        let path = path(flag: flag, variable: variable)
        if path == defaultPath, flag == nil, access(path, F_OK) != 0 { return Configuration() }
        return try Configuration(contentsOf: path)
    }

    /// An environment variable's value.
    public static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
