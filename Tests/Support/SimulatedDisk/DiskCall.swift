public import Storage

/// The calls that a simulated disk counts and can let fail.
public enum DiskCall: Hashable, Sendable, CaseIterable {
    case open, lock, status, read, write, truncate, allocate, setPermissions, syncData, sync, rename,
        link, remove,
        makeFolder,
        names, syncFolder

    /// Whether it forces the device.
    public var isSync: Bool { self == .syncData || self == .sync || self == .syncFolder }

    /// Whether it changes anything; opening does by its mode.
    var changes: Bool {
        switch self {
        case .write, .truncate, .allocate, .setPermissions, .rename, .link, .remove, .makeFolder: true
        case .open, .lock, .status, .read, .syncData, .sync, .names, .syncFolder: false
        }
    }
}

/// A failure that a simulated disk is to have.
public struct DiskFault: Hashable, Sendable {
    public enum Effect: Hashable, Sendable {
        /// The call fails with this error. A failing write leaves a part of its bytes, a failing sync loses what it was to force.
        case error(Errno)
        /// The power goes: this call and all after it do nothing and fail, until `SimulatedDisk.losePower()`.
        case powerCut
    }

    /// How long it goes on.
    public enum Lasting: Hashable, Sendable {
        case once
        /// That call and all later ones that it applies to.
        case fromThenOn
    }

    /// The number of the call that fails, 1 for the next one, among those that it applies to.
    public var call: Int
    /// Which calls it applies to; nil for all.
    public var kinds: Set<DiskCall>?
    public var effect: Effect
    public var lasting: Lasting

    public init(call: Int, kinds: Set<DiskCall>? = nil, effect: Effect, lasting: Lasting = .once) {
        self.call = call
        self.kinds = kinds
        self.effect = effect
        self.lasting = lasting
    }
}
