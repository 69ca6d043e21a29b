/// How far the config store is known, by its revisions, which only grow. Whatever is older is no news: publications and answers come over two
/// sockets, in any order.
enum StoreKnowledge: Equatable, Sendable {
    /// Nothing but answers to our own changes, up to this revision. For all else the snapshot stands, which may be older than the store.
    case ofAnswers(Int64)
    /// Everything, as of this revision.
    case complete(Int64)

    var revision: Int64 {
        switch self {
        case .ofAnswers(let revision), .complete(let revision): revision
        }
    }

    var isComplete: Bool { if case .complete = self { true } else { false } }

    /// An answer told of that revision.
    mutating func reach(_ revision: Int64) {
        switch self {
        case .ofAnswers(let before): self = .ofAnswers(max(before, revision))
        case .complete(let before): self = .complete(max(before, revision))
        }
    }

    /// A change was not answered: the store may have it or not, until it says again what it has.
    mutating func doubt() { self = .ofAnswers(revision) }
}
