import EventLoop
import Glibc

/// The far end of the modem's calls: while there is one, a program that speaks PPP on a pseudo-terminal of its own.
final class SimulatedNetworkEnd {
    private let program: String
    private let port: SimulatedPort
    private let path: String
    private let loop: EventLoop
    private let onHangUp: () -> Void
    private var child: ChildProcess?

    /// - Parameters:
    ///   - program: An absolute path; it is run with the path of its terminal at the beginning of each call.
    ///   - path: That path.
    ///   - loop: Calls the handlers.
    ///   - receive: What it says into the call.
    ///   - onHangUp: It has ended.
    init(
        program: String,
        path: String,
        loop: EventLoop,
        receive: @escaping ([UInt8]) -> Void,
        onHangUp: @escaping () -> Void
    ) {
        self.program = program
        self.path = path
        self.loop = loop
        self.onHangUp = onHangUp
        port = SimulatedPort(name: path, loop: loop, receive: receive)
    }

    /// Begins and ends with the call.
    func follow(isInCall: Bool) {
        if isInCall, child == nil {
            begin()
        } else if !isInCall, let child {
            self.child = nil
            child.terminate(now: true)
            port.unplug()
        }
    }

    func send(_ bytes: [UInt8]) { if child != nil { port.send(bytes) } }

    private func begin() {
        port.plug()
        var options = ChildProcess.Options()
        options.environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
        options.leadsGroup = true
        do throws(SystemError) {
            var started: ChildProcess?
            started = try ChildProcess.start([program, path], options: options, loop: loop) { [unowned self] _ in
                guard let child, child === started else { return }
                self.child = nil
                port.unplug()
                onHangUp()
            }
            child = started
        } catch {
            port.unplug()
            loop.enqueue { [self] in onHangUp() }
        }
    }
}
