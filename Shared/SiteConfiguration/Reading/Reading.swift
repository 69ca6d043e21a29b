internal import JSON

/// One pass over the file: how strict it is, and what it has found wrong so far.
final class Reading {
    /// More mistakes than these are only counted: a file of another kind would fill the log.
    static let mostMistakes = 100

    let file: String
    /// Also about drivers: whoever merely looks at a section need not know those of a newer version.
    let unknownKeys: JSON.UnknownKeys
    /// Whether the descriptions of what is read are put together.
    let isDescribing: Bool
    private(set) var mistakes: [SiteFileError] = []
    private var wrongPaths: Set<String> = []
    private var untold = 0

    init(file: String, unknownKeys: JSON.UnknownKeys, isDescribing: Bool = false) {
        self.file = file
        self.unknownKeys = unknownKeys
        self.isDescribing = isDescribing
    }

    /// A pass over nothing, for the descriptions alone.
    static var describing: Reading { Reading(file: "", unknownKeys: .ignored, isDescribing: true) }

    /// All mistakes, and how many there are besides.
    var report: [SiteFileError] {
        guard untold > 0 else { return mistakes }
        return mistakes + [SiteFileError(file: file, path: "", problem: "and \(untold) more mistakes")]
    }

    /// Whether what comes now is only counted.
    var isFull: Bool { mistakes.count >= Self.mostMistakes }

    /// The same mistake is told once, however many values lead to it.
    func note(_ path: String, _ problem: String) {
        wrongPaths.insert(path)
        let mistake = SiteFileError(file: file, path: path, problem: problem)
        if mistakes.contains(mistake) { return }
        if !isFull {
            mistakes.append(mistake)
        } else {
            untold += 1
        }
    }

    /// Whether the value at `path` is what the file says, and not what took its place.
    func isRight(_ path: String) -> Bool { !wrongPaths.contains(path) }
}
