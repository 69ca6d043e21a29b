/// A value on the heap, which its copies share until one of them changes it.
///
/// For large parts of a machine that few events change: the host keeps the machine of before each event, and what is boxed costs that copy
/// one reference instead of one for each string and list in it.
public struct Boxed<Value> {
    @usableFromInline
    final class Storage {
        // Nobody reaches it but through the box, whose accesses the compiler keeps apart: a watch of the runtime would find nothing.
        @exclusivity(unchecked)
        @usableFromInline var value: Value

        @inlinable
        init(_ value: Value) { unsafe self.value = value }
    }

    @usableFromInline var storage: Storage

    @inlinable
    public init(_ value: Value) { storage = Storage(value) }

    /// Read and changed in its place.
    @inlinable
    public var value: Value {
        _read { yield unsafe storage.value }
        _modify {
            if !isKnownUniquelyReferenced(&storage) { storage = unsafe Storage(storage.value) }
            yield unsafe &storage.value
        }
    }
}

// What two threads may share is never changed: a change by one of them makes its own first.
extension Boxed: @unchecked Sendable where Value: Sendable {}
