// Round trips over the bus beside round trips over bare libzmq in the same run: `bus-bench RUNTIME_DIR ROUNDS`.
// `bus-bench --echo ENDPOINT` is its own other side for the bare ones.

import Bus
import BusSchema
import CZeroMQ
import EventLoop
import Glibc

let words = CommandLine.arguments
if words.count == 3, words[1] == "--echo" {
    RawEcho.serve(words[2])
} else if words.count == 3, let rounds = Int(words[2]), rounds > 0 {
    let raw = try RawEcho.roundTrips(rounds, program: words[0], directory: words[1])
    let bus = try BusRounds.roundTrips(rounds, directory: words[1])
    print("  bare libzmq, DEALER to ROUTER to DEALER over ipc: \(Percentiles(raw))")
    print("  request to reply on the bus (uplink.report):      \(Percentiles(bus))")
    print("  ratio of the medians: \(Percentiles(bus).ratio(to: Percentiles(raw)))")
    print("  an event that nobody listens to, published and remembered: \(try Unheard.cost()) ns of CPU")
} else {
    print("usage: bus-bench RUNTIME_DIR ROUNDS")
    exit(2)
}

/// Microseconds, sorted.
struct Percentiles: CustomStringConvertible {
    private let sorted: [Double]

    init(_ durations: [Duration]) {
        sorted = durations.map { Double($0.components.attoseconds) / 1e12 + Double($0.components.seconds) * 1e6 }
            .sorted()
    }

    private func at(_ share: Double) -> Double { sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] }

    private func rounded(_ value: Double, _ step: Double) -> String { "\((value / step).rounded() * step)" }

    func ratio(to other: Percentiles) -> String { "\((at(0.5) / other.at(0.5) * 100).rounded() / 100)" }

    var description: String { "p50 \(Int(at(0.5))) µs, p99 \(Int(at(0.99))) µs" }
}

/// The same number of bytes there and back, without any of our code.
enum RawEcho {
    private static let payload = [UInt8](repeating: 0x20, count: 250)

    static func serve(_ endpoint: String) -> Never {
        let context = zmq_ctx_new()
        let socket = zmq_socket(context, ZMQ_ROUTER)
        guard zmq_bind(socket, endpoint) == 0 else { exit(1) }
        var buffer = [UInt8](repeating: 0, count: 1024)
        while true {
            let identity = zmq_recv(socket, &buffer, buffer.count, 0)
            guard identity >= 0, zmq_send(socket, buffer, Int(identity), ZMQ_SNDMORE) >= 0 else { exit(0) }
            let size = zmq_recv(socket, &buffer, buffer.count, 0)
            guard size >= 0, zmq_send(socket, buffer, Int(size), 0) >= 0 else { exit(0) }
        }
    }

    static func roundTrips(_ rounds: Int, program: String, directory: String) throws -> [Duration] {
        let endpoint = "ipc://\(directory)/bench.raw"
        var child: pid_t = 0
        var arguments = [program, "--echo", endpoint].map { (word: String) in strdup(word) }
        arguments.append(nil)
        defer { arguments.forEach { free($0) } }
        guard posix_spawn(&child, program, nil, nil, arguments, environ) == 0 else { exit(1) }
        defer {
            kill(child, SIGTERM)
            waitpid(child, nil, 0)
        }
        let context = zmq_ctx_new()
        let socket = zmq_socket(context, ZMQ_DEALER)
        guard zmq_connect(socket, endpoint) == 0 else { exit(1) }
        var buffer = [UInt8](repeating: 0, count: 1024)
        var durations: [Duration] = []
        for round in -100..<rounds {
            let start = EventLoop.uptime()
            zmq_send(socket, payload, payload.count, 0)
            zmq_recv(socket, &buffer, buffer.count, 0)
            if round >= 0 { durations.append(EventLoop.uptime() - start) }
        }
        zmq_close(socket)
        return durations
    }
}

/// A small request to a real service, JSON both ways.
enum BusRounds {
    static func roundTrips(_ rounds: Int, directory: String) throws -> [Duration] {
        let loop = try EventLoop()
        let client = BusClient(source: .chargectl, directory: RuntimeDirectory(path: directory), loop: loop)
        var durations: [Duration] = []
        var failure: BusError?
        func ask(_ round: Int) {
            guard round < rounds else { return loop.stop() }
            let start = EventLoop.uptime()
            client.request(UplinkReport(health: .reachable), within: .seconds(5)) { result in
                if round >= 0 { durations.append(EventLoop.uptime() - start) }
                if case .failure(let error) = result {
                    failure = error
                    return loop.stop()
                }
                ask(round + 1)
            }
        }
        ask(-100)
        try loop.run()
        if let failure { throw failure }
        return durations
    }
}

/// What a service pays for each message while nobody listens.
enum Unheard {
    /// Nanoseconds of CPU for one.
    static func cost() throws -> Int {
        let loop = try EventLoop()
        var template = Array("/tmp/bus-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { exit(1) }
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let endpoint = try BusEndpoint(
            service: .hardwareIO,
            version: "1",
            directory: RuntimeDirectory(path: path),
            loop: loop,
            publishes: [],
            serves: []
        )
        defer {
            endpoint.close()
            unlink("\(path)/hardware-io.lock")
            rmdir(path)
        }
        let rounds = 500_000
        let start = clock()
        for _ in 0..<rounds { endpoint.recordUnheard(OCPPMessage.self, "sent CALL", "Heartbeat") }
        let used = clock() - start
        return used * 1000 / rounds
    }
}
