import Glibc

// The error numbers this module acts on, as values, so that inlinable code needs no public import of Glibc.
let interrupted: CInt = EINTR
let wouldBlock: CInt = EAGAIN
let invalidArgument: CInt = EINVAL
