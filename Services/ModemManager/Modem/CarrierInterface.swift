internal import UplinkCore

/// The interface that data flows through, its address and how long that took, and its default route.
struct CarrierInterface: Equatable, Sendable {
    /// Empty while nobody knows it.
    var name: String
    /// Empty where there is one that nobody could read; nil where there is none.
    private(set) var address: String?
    /// From the beginning of the data connection to its address, the last time.
    private(set) var took: Duration?
    var route = KeptRoute()
    private var begun: Duration?

    init(_ name: String) { self.name = name }

    mutating func begin(at uptime: Duration) {
        begun = uptime
        took = nil
        route.begin()
    }

    mutating func end() {
        address = nil
        begun = nil
    }

    /// - Returns: Whether it has another address than before.
    mutating func take(_ readings: [InterfaceReading], at uptime: Duration) -> Bool {
        let before = address
        let reading = readings.first { $0.name == name }
        address = reading.flatMap { $0.isUsable ? $0.address ?? "" : nil }
        route.take(reading, at: uptime)
        if address != nil, let begun {
            took = uptime - begun
            self.begun = nil
        }
        return address != nil && address != before
    }
}
