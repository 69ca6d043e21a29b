internal import Glibc

/// A descriptor with one owner; closed with it.
struct Descriptor: ~Copyable {
    let raw: Int32

    /// - Parameter raw: An open descriptor that nobody else closes.
    init(takingOwnershipOf raw: Int32) {
        precondition(raw >= 0, "An open descriptor is never negative.")
        self.raw = raw
    }

    // An error of close cannot be acted on: the descriptor is gone in any case.
    deinit { _ = close(raw) }
}
