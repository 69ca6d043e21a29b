import EventLoop
import Glibc
import ModemSimulation
import Primitives

/// `modem-simulator --control SOCKET PORT [DATA-PORT]`: a simulated modem on pseudo-terminals with these names, until it is told to end.
final class Simulator {
    private let loop: EventLoop
    private var modem = SimulatedModem()
    private var ports: [SimulatedPort] = []
    private var listener: TCPListener?
    private let control: String

    init(control: String, ports names: [String]) throws {
        loop = try EventLoop()
        self.control = control
        for (number, name) in names.enumerated() {
            let port = SimulatedPort(name: name, loop: loop) { [unowned self] bytes in
                perform(modem.receive(bytes, on: number, at: EventLoop.uptime()))
            }
            port.plug()
            ports.append(port)
        }
        loop.addDeadlineSource(next: { [unowned self] in
            Deadline(at: modem.nextDeadline, for: "something happens to the modem")
        }) { [unowned self] moment in
            perform(modem.advance(to: moment.uptime))
        }
        _ = modem.advance(to: EventLoop.uptime())
        try listen()
    }

    private func listen() throws {
        guard let address = SocketAddress(path: control) else { throw Failure(reason: "\(control) is too long") }
        _ = unlink(control)
        listener = try TCPListener(on: address, loop: loop) { [unowned self] _ in
            var pending: [UInt8] = []
            return { [unowned self] connection, event in
                switch event {
                case .received(let bytes):
                    pending += bytes
                    while let end = pending.firstIndex(of: 0x0A) {
                        let (answer, effects) = modem.control(
                            String(decoding: pending[..<end], as: UTF8.self),
                            at: EventLoop.uptime()
                        )
                        pending.removeFirst(end + 1)
                        perform(effects)
                        _ = connection.write(Array((answer + "\n").utf8))
                    }
                case .endReached: connection.closeAfterWriting()
                case .connected, .drained, .closed: return
                }
            }
        }
    }

    func run() throws {
        loop.onTermination = { [unowned self] in
            for port in ports { port.unplug() }
            listener?.close()
            _ = unlink(control)
            loop.stop()
        }
        try loop.run()
    }

    private func perform(_ effects: [SimulatedModem.Effect]) {
        for effect in effects {
            switch effect {
            case .send(let bytes, let port): if ports.indices.contains(port) { ports[port].send(bytes) }
            case .unplug: for port in ports { port.unplug() }
            case .plug: for port in ports { port.plug() }
            }
        }
    }
}

struct Failure: Error {
    let reason: String
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 3, arguments[0] == "--control" else {
    print(
        "usage: modem-simulator --control SOCKET PORT [DATA-PORT]\n\nOrders, a line each, to the socket:\n\(SimulatedModem.help)"
    )
    exit(arguments == ["--help"] ? 0 : 2)
}
do {
    try Simulator(control: arguments[1], ports: Array(arguments.dropFirst(2))).run()
} catch {
    print("modem-simulator: \(error)")
    exit(1)
}
