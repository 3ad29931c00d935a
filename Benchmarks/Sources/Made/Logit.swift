import Glibc

/// The x whose sigmoid is `p`.
func logit(_ p: Double) -> Float { Float(log(p / (1 - p))) }
