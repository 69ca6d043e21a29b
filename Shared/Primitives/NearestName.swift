/// The name that was probably meant by one that nobody knows.
public enum NearestName {
    /// Longer words are no slips of the pen, and the comparison costs the product of both lengths.
    private static let longestWord = 64
    /// Fewer letters begin many names.
    private static let shortestBeginning = 4

    /// The known name that is nearest to `word`, in any case.
    /// - Parameters:
    ///   - word: As somebody wrote it; of any length and content.
    ///   - names: Of several that are equally near the first is taken.
    /// - Returns: Nil when none is near: more than a third of its letters would have to change, and it does not begin with the word.
    public static func of(_ word: String, in names: some Sequence<String>) -> String? {
        guard word.utf8.count <= longestWord else { return nil }
        let letters = Array(word.lowercased().utf8)
        var nearest: (name: String, distance: Int)?
        for name in names where name.utf8.count <= longestWord {
            let distance = distance(letters, Array(name.lowercased().utf8))
            guard distance <= max(1, name.utf8.count / 3), distance < nearest?.distance ?? .max else { continue }
            nearest = (name, distance)
        }
        guard nearest == nil, letters.count >= shortestBeginning else { return nearest?.name }
        return names.first { $0.utf8.count <= longestWord && $0.lowercased().utf8.starts(with: letters) }
    }

    /// How many letters must be added, removed, replaced or swapped with their neighbour (optimal string alignment).
    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...other.count)
        for (row, letter) in one.enumerated() {
            var current = [row + 1]
            for (column, otherLetter) in other.enumerated() {
                let replaced = last[column] + (letter == otherLetter ? 0 : 1)
                var cost = min(replaced, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, letter == other[column - 1], one[row - 1] == otherLetter {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[other.count]
    }
}
