/// The name that a mistyped one most likely stands for: at most a third of its letters changed, missing, extra or swapped; nil where none is near.
func nearest(to name: String, in candidates: some Collection<String>) -> String? {
    let limit = max(1, name.count / 3)
    let distances = candidates.map { ($0, editDistance(Array(name), Array($0))) }
    return distances.filter { $0.1 <= limit }.min { $0.1 < $1.1 }?.0
}

/// Letters to change, leave out, add or swap with their neighbour to get from one word to the other (optimal string alignment).
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    var rows = (0...a.count).map { row in (0...b.count).map { row == 0 ? $0 : $0 == 0 ? row : 0 } }
    for i in a.indices {
        for j in b.indices {
            var best = min(rows[i][j + 1] + 1, rows[i + 1][j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
            rows[i + 1][j + 1] = best
        }
    }
    return rows[a.count][b.count]
}
