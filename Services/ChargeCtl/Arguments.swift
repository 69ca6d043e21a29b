/// The words after the command's name, taken one after the other. What is left over or missing is an error that names it.
struct Arguments {
    /// Those that nobody took yet.
    private(set) var words: [String]
    private let usage: String

    init(_ words: [String], usage: String) {
        self.words = words
        self.usage = usage
    }

    /// Removes `--name VALUE` (or `--name=VALUE`) wherever it stands; nil when it is absent.
    mutating func option(_ name: String) throws(UsageError) -> String? {
        if let index = words.firstIndex(where: { $0.hasPrefix(name + "=") }) {
            return String(words.remove(at: index).dropFirst(name.count + 1))
        }
        guard let index = words.firstIndex(of: name) else { return nil }
        guard index + 1 < words.count else { throw UsageError("\(name) expects a value", usage: usage) }
        let value = words[index + 1]
        words.removeSubrange(index...(index + 1))
        return value
    }

    /// Removes every `--name VALUE`.
    mutating func options(_ name: String) throws(UsageError) -> [String] {
        var values: [String] = []
        while let value = try option(name) { values.append(value) }
        return values
    }

    /// Removes `--name`; whether it was there.
    mutating func flag(_ name: String) -> Bool {
        guard let index = words.firstIndex(of: name) else { return false }
        words.remove(at: index)
        return true
    }

    /// The next word, if there is one.
    mutating func next() -> String? { words.isEmpty ? nil : words.removeFirst() }

    /// The next word, which must be there.
    mutating func next(_ what: String) throws(UsageError) -> String {
        guard let word = next() else { throw UsageError("\(what) is missing", usage: usage) }
        return word
    }

    /// All words that are left.
    mutating func rest() throws(UsageError) -> [String] {
        if let option = words.first(where: { $0.hasPrefix("--") }) {
            throw UsageError("unknown option \(option)", usage: usage)
        }
        defer { words = [] }
        return words
    }

    /// Refuses anything that nobody took.
    func end() throws(UsageError) {
        guard let word = words.first else { return }
        throw UsageError(word.hasPrefix("--") ? "unknown option \(word)" : "\"\(word)\" is too much", usage: usage)
    }

    /// Removes `--name VALUE`, a whole number in `range`.
    mutating func integer(_ name: String, in range: ClosedRange<Int64>) throws(UsageError) -> Int64? {
        guard let text = try option(name) else { return nil }
        guard let value = Int64(text), range.contains(value) else {
            throw UsageError("\(name) expects \(range.lowerBound)…\(range.upperBound), found \"\(text)\"", usage: usage)
        }
        return value
    }

    /// Removes `--name on|off`.
    mutating func onOff(_ name: String) throws(UsageError) -> Bool? {
        switch try option(name) {
        case nil: return nil
        case "on": return true
        case "off": return false
        case let text?: throw UsageError("\(name) expects on or off, found \"\(text)\"", usage: usage)
        }
    }
}

/// Wrong words on the command line; shown with the usage of the command.
struct UsageError: Error {
    let problem: String
    let usage: String

    init(_ problem: String, usage: String) {
        self.problem = problem
        self.usage = usage
    }
}

/// A command that could not do what it was asked for.
struct Failure: Error {
    let status: ExitStatus
    let message: String
}

/// What scripts go by.
enum ExitStatus: Int32 {
    case done = 0
    /// `status`: something is absent, faulted or not connected; `wait`: see `noAnswer`.
    case notWell = 1
    case usage = 2
    case serviceNotRunning = 3
    case refused = 4
    case noAnswer = 5
    /// `config check`: as a daemon would end.
    case wrongSettings = 78
}
