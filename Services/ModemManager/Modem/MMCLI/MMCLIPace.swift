/// How soon `mmcli` may be run again for the same thing. It holds for every command, whatever ModemManager says and however often it contradicts itself:
/// each way through the machine comes by a question that was asked before, and waits there.
struct MMCLIPace: Equatable, Sendable {
    static let betweenQuestions = Duration.seconds(2)
    static let betweenOrders = Duration.seconds(10)

    /// When each command ended last, of those that may have to wait for that.
    private var ends: [MMCLICommand: Duration] = [:]

    /// When it may be run; nil at any time.
    func earliest(_ command: MMCLICommand) -> Duration? {
        ends[command].map { $0 + (command.isOrder ? Self.betweenOrders : Self.betweenQuestions) }
    }

    mutating func ended(_ command: MMCLICommand, at uptime: Duration) {
        ends = ends.filter { $0.value + Self.betweenOrders > uptime }
        ends[command] = uptime
    }

    /// Somebody who keeps a pace of his own wants something done.
    mutating func letOrdersPass() { ends = ends.filter { !$0.key.isOrder } }
}
