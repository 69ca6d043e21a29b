import CentralSystem
import EventLoop
import Glibc
import JSON
import Primitives

/// Asks a running central system through its control socket and prints the answer. The exit status says how it went.
enum Ask {
    /// Exit status, the same as those of `chargectl`: 0 done, 2 wrong usage, 3 not running, 4 refused or failed.
    static func run(socket: String, words: [String], isRaw: Bool) throws -> Int32 {
        guard !words.isEmpty else {
            Output.complain("--ask: a command is expected; 'help' lists them")
            return 2
        }
        guard let address = SocketAddress(path: socket) else {
            Output.complain("--ask: '\(socket)' is no path of a socket")
            return 2
        }
        let loop = try EventLoop()
        var reader = LineReader()
        var status: Int32 = 3
        func isGone(_ reason: String) {
            Output.complain(
                "nobody answers at \(socket): \(reason); is a central system running with --control \(socket)?"
            )
        }
        let request = JSON.write(.array(words.map(JSONValue.string))) + [0x0A]
        do {
            try TCPConnection.connect(to: address, loop: loop) { connection, event in
                switch event {
                case .connected: _ = connection.write(request)
                case .received(let bytes):
                    guard let line = reader.receive(bytes).first else { return }
                    status = print(line, isRaw: isRaw)
                    connection.close()
                case .endReached: connection.close()
                case .drained: return
                case .closed(let error):
                    if status == 3 { isGone(error.map { "\($0)" } ?? "it hung up") }
                    loop.stop()
                }
            }
        } catch {
            isGone("\(error)")
            return 3
        }
        try loop.run()
        return status
    }

    private static func print(_ line: String, isRaw: Bool) -> Int32 {
        let answer = (try? JSON.parse(Array(line.utf8), limits: JSONLimits(bytes: 64 << 20))) ?? .null
        let isDone = answer["ok"]?.asBool == true
        if isRaw {
            Output.standard.write(line: line)
        } else if let text = answer["text"]?.asString {
            Output.standard.write(line: text)
        } else if let result = answer["result"] {
            Output.standard.write(line: result.description)
        } else if !isDone {
            Output.complain(answer["error"]?.asString ?? "an answer that cannot be read: \(line)")
        }
        return isDone ? 0 : 4
    }
}
