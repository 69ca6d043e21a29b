import JSON
import OCPP
public import Primitives

/// Writes exchanges as lines that people read: time, charge point, direction, action, what it said, what it was told.
public struct ConversationWriter: Sendable {
    /// Whether to write ANSI colours.
    public var colours: Bool
    private var nameWidth = 0

    public init(colours: Bool) { self.colours = colours }

    /// One line, without line end. `→` is from the charge point, `←` from the central system.
    public mutating func line(for exchange: Exchange, at time: Timestamp) -> String {
        nameWidth = max(nameWidth, exchange.chargePoint.count + 1)
        let isFromChargePoint = exchange.sender == .chargePoint
        let arrow = isFromChargePoint ? paint("→", .cyan) : paint("←", .magenta)
        let said = Self.payload(exchange.call, 3).map { PayloadWords.request(exchange.action, $0) } ?? ""
        var line = paint(clock(time), .dim) + "  " + exchange.chargePoint.padded(to: nameWidth) + arrow + " "
        line += paint(exchange.action.padded(to: 24), .bold) + said.padded(to: 62)
        line += answer(exchange)
        if exchange.duration > .zero { line += paint("  " + Self.milliseconds(exchange.duration), .dim) }
        return line
    }

    /// A line about the connection.
    public mutating func line(_ text: String, of chargePoint: String, at time: Timestamp) -> String {
        nameWidth = max(nameWidth, chargePoint.count + 1)
        return paint(clock(time), .dim) + "  " + chargePoint.padded(to: nameWidth) + paint("· " + text, .dim)
    }

    private func answer(_ exchange: Exchange) -> String {
        switch exchange.answer {
        case .none(let reason):
            return paint(reason, .red)
        case .text(let text):
            guard let frame = (try? JSON.parse(text))?.asArray, frame.count > 2 else {
                return paint("unreadable", .red)
            }
            guard frame[0].asInt == 3 else {
                let description = frame.count > 3 ? frame[3].asString ?? "" : ""
                let code = frame[2].asString ?? "?"
                return paint("CALLERROR \(code)" + (description.isEmpty ? "" : ": \(description)"), .red)
            }
            let words = PayloadWords.answer(exchange.action, frame[2])
            return paint(words, PayloadWords.isRefusal(frame[2]) ? .yellow : .green)
        }
    }

    private static func payload(_ text: [UInt8], _ index: Int) -> JSONValue? {
        // Charge points may send anything; what is no JSON has no words.
        (try? JSON.parse(text))?.asArray.flatMap { $0.count > index ? $0[index] : nil }
    }

    private static func milliseconds(_ duration: Duration) -> String {
        let microseconds = duration / .microseconds(1)
        let tenths = Int((microseconds / 100).rounded())
        return "\(tenths / 10).\(tenths % 10) ms"
    }

    private func clock(_ time: Timestamp) -> String { String(time.description.dropFirst(11).prefix(12)) }

    private enum Colour: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case magenta = "35"
        case cyan = "36"
    }

    private func paint(_ text: String, _ colour: Colour) -> String {
        colours && !text.isEmpty ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }
}
