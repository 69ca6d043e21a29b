import ModemProtocol
import Primitives

/// What a modem says, whole and in pieces, while it is brought up: nothing stops the machine, and no byte costs more than so much.
enum ModemInputs {
    /// Each line of the input is said after so many milliseconds more: the first byte of it, times 40. An empty line closes and opens the port.
    static func hear(_ bytes: [UInt8]) {
        var now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
        let settings = ModemSettings(
            pin: Secret("1234"),
            allowsRoaming: false,
            access: AccessTable(override: AccessProfile(apn: "a", user: "u", password: Secret("p4ssw0rd")))
        )
        var machine = ModemMachine(settings, memory: nil)
        func take(_ effects: [ModemEffect]) {
            for effect in effects {
                switch effect {
                case .store: take(machine.handle(.stored, at: now))
                case .log(let record): precondition(!"\(record)".hasSecret, "A secret is in the log.")
                case .report(let report): precondition(!"\(report)".hasSecret, "A secret is in a report.")
                // A port that is to be opened anew is: the machine waits for that and for nothing else.
                case .line(.reopen(let reason)):
                    take(machine.handle(.line(.closed(reason: reason)), at: now))
                    take(machine.handle(.line(.opened), at: now))
                default: break
                }
            }
        }
        take(machine.handle(.ordered(.bringUp), at: now))
        take(machine.handle(.line(.opened), at: now))
        // Whatever it is, it begins with an answer to the first call.
        take(machine.handle(.line(.received(Array("\r\nOK\r\n".utf8))), at: now))
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            let end = now.advanced(by: .milliseconds(Int(line.first ?? 0) * 40))
            while let due = machine.nextDeadline, due.isDue(at: end.uptime) {
                now = now.advanced(by: max(.zero, due.at - now.uptime))
                take(machine.deadlineReached(at: now))
            }
            now = end
            if line.isEmpty {
                take(machine.handle(.line(.closed(reason: "unplugged")), at: now))
                take(machine.handle(.line(.opened), at: now))
            } else {
                take(machine.handle(.line(.received(line.dropFirst() + [0x0D, 0x0A])), at: now))
            }
        }
        precondition(machine.nextDeadline != nil, "A modem that is wanted is never forgotten.")
    }
}

extension String {
    fileprivate var hasSecret: Bool { contains("p4ssw0rd") }
}
