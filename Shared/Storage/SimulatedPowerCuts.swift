/// How often the power of a simulated charger was cut since the machine booted. The machine itself goes on, so that its boot id does not
/// tell; `chargectl sim power-cut` counts in a file of the runtime folder, and each count is another boot to the services.
public struct SimulatedPowerCuts {
    private let file: SmallFile

    /// - Parameter runtimeFolder: It exists.
    public init(runtimeFolder: String) { file = SmallFile(runtimeFolder + "/simulated-power-cuts", maximumBytes: 32) }

    /// 0…; what cannot be read is none.
    public var count: UInt32 { file.foreignText.flatMap { UInt32($0) } ?? 0 }

    /// Tells the boots of a charger apart.
    /// - Parameter machine: The boot id of the machine that this runs on.
    /// - Returns: The boot id of one that lost its power so often.
    public func bootId(onMachine machine: String = SmallFile.machineBootId) -> String {
        count == 0 ? machine : "\(machine)+\(count)"
    }

    /// Counts one more.
    /// - Throws: `SmallFileError`; then it is not counted.
    public func add() throws(SmallFileError) {
        try file.replace(with: Array("\(count &+ 1)".utf8), access: SmallFile.Access(mode: 0o644))
    }
}
