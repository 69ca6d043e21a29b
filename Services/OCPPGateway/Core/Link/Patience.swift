/// How long to wait for the network, and between attempts.
public struct Patience: Equatable, Sendable {
    /// For resolving, for one TCP connect, for the handshake.
    public var step: Duration
    /// From a ping to the first byte of anything; mobile networks stall for seconds.
    public var pong: Duration
    /// Upper end of the first waits between attempts.
    public var firstWait: Duration
    /// Upper end of the longest wait between attempts.
    public var longestWait: Duration

    public init(
        step: Duration = .seconds(20),
        pong: Duration = .seconds(20),
        firstWait: Duration = .seconds(1),
        longestWait: Duration = .seconds(300)
    ) {
        self.step = step
        self.pong = pong
        self.firstWait = firstWait
        self.longestWait = max(firstWait, longestWait)
    }
}
