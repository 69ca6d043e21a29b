/// A transaction's energy is its EV's: no contactor closes for a transaction with another EV than the one that it began with.
struct VehicleAudit {
    /// The EV of each transaction, by our own name of it.
    private var vehicles: [String: Int] = [:]
    /// Transactions that may go on with whatever EV is plugged in: somebody switched StopTransactionOnEVSideDisconnect off in them.
    private var shared: Set<String> = []
    /// Transactions that the power was cut in. What goes on then does so with the EV that hardware-io finds.
    private var interrupted: [String: Int] = [:]

    mutating func began(_ transaction: String, vehicle: Int) { vehicles[transaction] = vehicle }

    /// `stopsOnDisconnect` is what the config store has.
    mutating func goesOn(_ transaction: String, stopsOnDisconnect: Bool) {
        if !stopsOnDisconnect { shared.insert(transaction) }
    }

    mutating func powerLost(_ transaction: String, on connectorId: Int) { interrupted[transaction] = connectorId }

    mutating func hardwareStarted(vehicle: (Int) -> Int) {
        for (transaction, connectorId) in interrupted { vehicles[transaction] = vehicle(connectorId) }
        interrupted = [:]
    }

    func closed(_ connectorId: Int, for transaction: String, vehicle: Int) -> [String] {
        guard let own = vehicles[transaction], own != vehicle, !shared.contains(transaction) else { return [] }
        return ["contactor \(connectorId) closes for \(transaction) of EV \(own), EV \(vehicle) is there"]
    }
}
