import BusSchema
import Primitives

/// One contactor: its order, its mirror contact and the deadlines between them.
///
/// A contactor that does not follow is a fault that stays until service clears it: what failed once will fail again.
struct ContactorMachine: Machine {
    enum Event: Equatable {
        case closeOrdered
        case openOrdered
        case feedbackRead(closed: Bool)
        /// Nothing is known of it until it is read again; it lost its order with its driver.
        case deviceLost
        /// Service says that the cause is repaired.
        case faultCleared
    }

    enum Effect: Equatable {
        case close
        case open
        case failed(String)
        case recovered
    }

    private enum State: Equatable {
        /// Ordered open, position not read yet. Next: open, or opening when it reads closed.
        case unknown
        case open
        /// Ordered to close. Next: closed, or failed at `limit`.
        case closing(limit: Duration)
        case closed
        /// Ordered to open. Next: open, or welded at `limit`.
        case opening(limit: Duration)
        /// Ordered open and reads closed. Next: failed when it opens after all.
        case welded
        /// Ordered open and reads open after it disobeyed. Next: open when service clears it.
        case failed
    }

    /// Longest time from the order to close until the mirror contact follows.
    static let closingLimit = Duration.seconds(1)
    /// Longest time from the order to open until the mirror contact follows.
    static let openingLimit = Duration.milliseconds(500)

    private var state = State.unknown
    private var feedbackClosed: Bool?
    private let rest: Duration
    /// End of the rest after the last closing; nil when it is over.
    private var restEndsAt: Duration?

    /// `rest` is the least time between two closings. A start counts as a closing, so that a process that dies again and again
    /// does not make the contactor chatter.
    init(rest: Duration, at start: Moment) {
        self.rest = rest
        restEndsAt = start.uptime + rest
    }

    /// The position as the bus names it.
    var position: ContactorState {
        switch state {
        case .unknown, .opening: .opening
        case .open, .failed: .open
        case .closing: .closing
        case .closed: .closed
        case .welded: .welded
        }
    }

    /// Whether it is ordered to be closed.
    var isOrderedClosed: Bool {
        switch state {
        case .closing, .closed: true
        case .unknown, .open, .opening, .welded, .failed: false
        }
    }

    /// Whether the mirror contact has shown that no current can flow.
    var isSafelyOpen: Bool {
        switch state {
        case .open, .failed: true
        case .unknown, .closing, .closed, .opening, .welded: false
        }
    }

    /// Whether nothing is under way any more.
    var isSettled: Bool {
        switch state {
        case .unknown, .open, .welded, .failed: true
        case .closing, .closed, .opening: false
        }
    }

    /// Not yet rested since it closed last.
    func isResting(at uptime: Duration) -> Bool { restEndsAt.map { uptime < $0 } ?? false }

    var nextDeadline: Deadline? {
        switch state {
        case .closing(let limit), .opening(let limit): Deadline(at: limit, for: "the contactor does not follow")
        case .open: Deadline(at: restEndsAt, for: "the contactor has rested")
        case .unknown, .closed, .welded, .failed: nil
        }
    }

    mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch event {
        case .closeOrdered: closeOrdered(at: moment)
        case .openOrdered: openOrdered(at: moment)
        case .feedbackRead(let closed): feedbackRead(closed: closed, at: moment)
        case .deviceLost: deviceLost()
        case .faultCleared: faultCleared()
        }
    }

    mutating func deadlineReached(at moment: Moment) -> [Effect] {
        switch state {
        case .closing(let limit) where limit <= moment.uptime:
            state = .failed
            return [.open, .failed("contactor did not close within \(Self.closingLimit.wholeMilliseconds) ms")]
        case .opening(let limit) where limit <= moment.uptime:
            guard feedbackClosed == true else {
                // It never moved, so that no change was reported.
                state = .open
                return []
            }
            state = .welded
            let limit = Self.openingLimit.wholeMilliseconds
            return [.open, .failed("contactor still closed \(limit) ms after it was opened")]
        case .open where !isResting(at: moment.uptime):
            // Nothing to order: whoever waited for the end of the rest looks again.
            restEndsAt = nil
            return []
        case .unknown, .open, .closing, .closed, .opening, .welded, .failed:
            return []
        }
    }

    private mutating func closeOrdered(at moment: Moment) -> [Effect] {
        guard state == .open, !isResting(at: moment.uptime) else { return [] }
        state = .closing(limit: moment.uptime + Self.closingLimit)
        restEndsAt = moment.uptime + rest
        return [.close]
    }

    private mutating func openOrdered(at moment: Moment) -> [Effect] {
        switch state {
        case .closing, .closed:
            state = .opening(limit: moment.uptime + Self.openingLimit)
            return [.open]
        case .unknown, .open, .opening, .welded, .failed:
            return []
        }
    }

    private mutating func feedbackRead(closed: Bool, at moment: Moment) -> [Effect] {
        feedbackClosed = closed
        switch (state, closed) {
        case (.unknown, true):
            // It may still be falling open after the process before this one died.
            state = .opening(limit: moment.uptime + Self.openingLimit)
            return [.open]
        case (.unknown, false), (.opening, false):
            state = .open
            return []
        case (.closing, true):
            state = .closed
            return []
        case (.open, true), (.failed, true):
            state = .welded
            return [.open, .failed("contactor closed without an order")]
        case (.closed, false):
            state = .failed
            return [.open, .failed("contactor opened without an order")]
        case (.welded, false):
            state = .failed
            return []
        case (.open, false), (.closing, false), (.closed, true), (.opening, true), (.welded, true), (.failed, false):
            return []
        }
    }

    /// What was latched stays: a lost driver repairs nothing.
    private mutating func deviceLost() -> [Effect] {
        feedbackClosed = nil
        switch state {
        case .unknown, .open, .closing, .closed, .opening: state = .unknown
        case .welded, .failed: break
        }
        return [.open]
    }

    private mutating func faultCleared() -> [Effect] {
        guard state == .failed else { return [] }
        state = .open
        return [.recovered]
    }
}
