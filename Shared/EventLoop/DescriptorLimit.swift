internal import Glibc

/// The process may have less than it needs, so that it would fail later and in worse ways.
public struct ScarceResource: Error, Hashable, Sendable, CustomStringConvertible {
    /// What, how much is needed, and who can change it.
    public let description: String
}

/// How many descriptors this process may have, and how many it lets strangers take.
public enum DescriptorLimit {
    /// The limit that a service asks for. A table of this size costs half a MiB when it is used up, and is beyond any real need.
    public static let wanted: UInt = 65_536
    /// What a process needs. libzmq accepts on a thread of its own and aborts where it runs out; so beyond `mostWithStrangers` there must be
    /// room for all who can come in the tenths of a second that a loop may be kept from the CPU, and for files and devices. Wherever systemd
    /// starts services the limit is far above it.
    public static let least: UInt = 4096
    /// Descriptors of which connections from outside may be a part; beyond, no more are accepted.
    public static let mostWithStrangers: UInt = 512

    /// Raises the soft limit towards `wanted`, as far as the hard one allows. For the start of a process.
    /// - Returns: The limit from now on.
    @discardableResult
    static func raise() -> UInt {
        var limit = current()
        let raised = min(max(limit.rlim_cur, Self.wanted), limit.rlim_max)
        guard raised > limit.rlim_cur else { return limit.rlim_cur }
        limit.rlim_cur = raised
        // Below the hard limit this can only fail where a policy forbids it; then the old limit stays.
        return setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? raised : current().rlim_cur
    }

    /// Raises the limit.
    /// - Throws: `ScarceResource` when that is too little.
    static func raiseToNeed() throws(ScarceResource) {
        try check(raise())
    }

    /// - Throws: `ScarceResource` when a limit is too little.
    static func check(_ limit: UInt) throws(ScarceResource) {
        guard limit < least else { return }
        throw ScarceResource(
            description: "only \(limit) descriptors are allowed, \(least) are needed; raise LimitNOFILE= or ulimit -n"
        )
    }

    /// Whether strangers may connect. They may until `mostWithStrangers` descriptors are open, so that files, devices and the central system
    /// never compete with strangers for the last ones; and then not before a quarter of those is free, so that the door does not flap.
    /// - Parameters:
    ///   - descriptor: Any open one; it is duplicated, because the kernel gives the lowest number that is free.
    ///   - accepted: Whether they may now.
    /// - Returns: False as well when there is no free descriptor at all.
    public static func acceptsStrangers(_ descriptor: Int32, now accepted: Bool) -> Bool {
        let lowestFree = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        if lowestFree >= 0 { close(lowestFree) }
        return acceptsStrangers(lowestFree: lowestFree, now: accepted)
    }

    /// The same for a lowest free number, which is negative when there is none.
    static func acceptsStrangers(lowestFree: Int32, now accepted: Bool) -> Bool {
        guard lowestFree >= 0 else { return false }
        return UInt(lowestFree) < (accepted ? mostWithStrangers : mostWithStrangers / 4 * 3)
    }

    private static func current() -> rlimit {
        var limit = rlimit()
        let result = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        precondition(result == 0, "Every process has a limit of descriptors.")
        return limit
    }
}
