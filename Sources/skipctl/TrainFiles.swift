import Glibc

/// A Boolean value indicating whether there is something at a path.
func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Removes a file, where there is one.
func remove(_ path: String) { unlink(path) }
