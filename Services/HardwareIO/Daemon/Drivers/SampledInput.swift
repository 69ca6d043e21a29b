import EventLoop
import Primitives

/// Something that is sampled on a thread of its own, and opened anew for ever when it was lost. Never leaves that thread.
struct SampledInput<Reading: Sendable> {
    /// What became of one attempt.
    enum Outcome: Sendable {
        /// It is there, for the first time or again; readings follow.
        case opened(isToBeLogged: Bool)
        case read(Reading)
        /// With how many failures before this one were not logged; nil when this is not to be logged either.
        case lost(reason: String, untoldBefore: Int?)
    }

    private let open: () throws(SystemError) -> () throws(SystemError) -> Reading
    private var read: (() throws(SystemError) -> Reading)?
    private var pace = ReopenPace()

    /// - Parameter open: Finds it, and returns what reads it once.
    init(_ open: @escaping () throws(SystemError) -> () throws(SystemError) -> Reading) { self.open = open }

    /// Reads it, or tries to open it.
    /// - Returns: What became of that, and for how long to leave it alone when it is not there.
    mutating func attempt(at uptime: Duration) -> (Outcome, pause: Duration) {
        do throws(SystemError) {
            if let read {
                let reading = try Self.patiently(read)
                pace.worked()
                return (.read(reading), .zero)
            }
            let opened = try open()
            // What cannot be read is not there, whatever its files say.
            _ = try opened()
            read = opened
            return (.opened(isToBeLogged: pace.opened(at: uptime)), .zero)
        } catch {
            read = nil
            let failure = pace.failed(at: uptime)
            return (.lost(reason: error.description, untoldBefore: failure.untoldBefore), failure.pause)
        }
    }

    /// One transfer on a bus may fail; two in a row are a converter that is gone.
    private static func patiently(_ read: () throws(SystemError) -> Reading) throws(SystemError) -> Reading {
        do throws(SystemError) { return try read() } catch { return try read() }
    }
}
