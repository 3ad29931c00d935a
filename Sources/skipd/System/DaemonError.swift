/// Why the daemon can't start or go on: one sentence that says what to do.
package struct DaemonError: Error, CustomStringConvertible, Equatable {
    package let description: String

    package init(_ sentence: String) { description = sentence }
}
