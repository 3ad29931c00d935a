/// The version of skipd and skipctl, as `--version` and `status` say it.
public let version = "0.1.0"
