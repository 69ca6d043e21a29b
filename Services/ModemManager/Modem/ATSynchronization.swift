/// The way to a modem that listens. After opening it is called every second for a minute, because it may just be starting. After a silence
/// in the middle of a conversation a CR ends whatever it believes to be reading, and three calls must do. A modem that is in a data call
/// takes neither; `+++` with a second of silence around it leads out (the escape sequence of all Hayes modems).
struct ATSynchronization: Equatable, Sendable {
    enum Occasion: Equatable, Sendable {
        case opening, silence
    }

    enum Step: Equatable, Sendable {
        /// Nothing is sent where the text is empty.
        case send(String, wait: Duration)
        case done
        case failed
    }

    /// After an answer, nothing may come for so long: the OK may have been that of an earlier command.
    static let settling = Duration.milliseconds(200)

    static let answerLimit = 20

    private struct Call: Equatable, Sendable {
        let text: String
        let wait: Duration
    }

    private let calls: Int
    private let callsBeforeEscape: Int
    private var sent = 0
    private var answers = 0
    /// What is sent before the next plain call.
    private var remaining: [Call]

    init(_ occasion: Occasion) {
        switch occasion {
        case .opening: (calls, callsBeforeEscape, remaining) = (60, 5, [])
        case .silence: (calls, callsBeforeEscape, remaining) = (4, 3, [Call(text: "\r", wait: .seconds(1))])
        }
    }

    /// What to do now that the last wait is over.
    mutating func next() -> Step {
        if answers > 0 { return .done }
        if !remaining.isEmpty {
            let call = remaining.removeFirst()
            return .send(call.text, wait: call.wait)
        }
        guard sent < calls else { return .failed }
        sent += 1
        if sent == callsBeforeEscape + 1 {
            remaining = [
                Call(text: "+++", wait: .milliseconds(1100)), Call(text: "ATH\r", wait: .seconds(1)),
                Call(text: "AT\r", wait: .seconds(1)),
            ]
            return .send("", wait: .milliseconds(1100))
        }
        return .send("AT\r", wait: .seconds(1))
    }

    /// Takes a line; whether it is an answer to a call, after which `settling` begins anew. A modem that sends nothing but answers settles
    /// after some of them all the same.
    mutating func take(_ line: String) -> Bool {
        guard answers < Self.answerLimit, ATFinal(line, isDial: true, isNumeric: true) != nil else { return false }
        answers += 1
        return true
    }
}
