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
    /// Open descriptors beyond which no more strangers are accepted. Users have a share of the connections each, so that this takes many of them,
    /// or one who is faster than the loop.
    public static let mostWithStrangers: UInt = 1024

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
    /// - Parameter accepted: Whether they may now.
    /// - Returns: Whether they may from now on.
    public static func acceptsStrangers(now accepted: Bool) -> Bool {
        acceptsStrangers(open: countOpen(), now: accepted)
    }

    /// The same for so many open descriptors.
    static func acceptsStrangers(open: UInt, now accepted: Bool) -> Bool {
        open < (accepted ? mostWithStrangers : mostWithStrangers / 4 * 3)
    }

    /// How many of the first `mostWithStrangers` descriptors are open. The kernel gives the lowest free number, so that higher ones are only
    /// there when these are, or were; and the lowest free one says nothing of how many there are, because anyone may leave.
    static func countOpen() -> UInt {
        (0..<Int32(mostWithStrangers)).reduce(0) { $0 + (fcntl($1, F_GETFD) >= 0 ? 1 : 0) }
    }

    private static func current() -> rlimit {
        var limit = rlimit()
        let result = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        precondition(result == 0, "Every process has a limit of descriptors.")
        return limit
    }
}
