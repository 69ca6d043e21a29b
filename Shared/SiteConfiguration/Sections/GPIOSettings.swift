internal import Primitives

/// One GPIO line, as drivers ask for it: a member of the device, named for what hangs on the line.
public struct PinSettings: SiteReadable, Equatable, Sendable {
    public enum Bias: String, SiteChoice, Sendable {
        /// As the board has it.
        case asIs
        case pullUp, pullDown, disabled

        var about: String {
            switch self {
            case .asIs: "as the board has it"
            case .pullUp: "pulled to the supply"
            case .pullDown: "pulled to ground"
            case .disabled: "not pulled"
            }
        }
    }

    /// Label (`fe200000.gpio`) or path of its chip; nil when its name is enough.
    public var chip: String?
    /// Its offset in digits, or its name in the device tree.
    public var line: String
    public var activeLow: Bool
    public var bias: Bias

    public init(_ fields: Fields) {
        chip = fields.optionalText(
            "chip",
            1...64,
            "Label of its chip (as gpiodetect shows it) or its path. Default: any chip that has a line of that name."
        )
        line = fields.text("line", 1...31, "Its number on the chip, or its name in the device tree.")
        activeLow = fields.truth(
            "activeLow",
            default: false,
            "Whether the line is low while what it stands for is the case."
        )
        bias = fields.choice("bias", default: .asIs, "What pulls the line where nothing drives it.")
    }

    /// Takes the place of a line that the file does not have.
    static let absent = PinSettings()

    private init() {
        line = "0"
        activeLow = false
        bias = .asIs
    }

    /// A line has one owner.
    var claim: DriverClaim { DriverClaim("GPIO line \(line)" + (chip.map { " of \($0)" } ?? "")) }
}

/// Of the driver `gpio-contactor`.
public struct GPIOContactorSettings: DriverSettings {
    /// Active: the coil is on.
    public var output: PinSettings
    /// Active: the main contacts are closed. Nil where there is no mirror contact.
    public var feedback: PinSettings?
    public var debounceMilliseconds: Int

    public init(_ fields: Fields) {
        output = fields.pin("output", "The coil. Active: on. The board must let it fall when nobody drives the line.")
        feedback = fields.optionalObject(
            "feedback",
            "The mirror contact. Active: the main contacts are closed. One that is closed to ground while they are open is active high. "
                + "Without one a welded contactor shows by current alone, after the cable was let go."
        )
        debounceMilliseconds = fields.debounce(default: 10)
    }

    public var claims: [DriverClaim] { [output.claim] + [feedback].compactMap { $0?.claim } }
}

/// Of the driver `gpio-lock`.
public struct GPIOLockSettings: DriverSettings {
    /// Active: the motor drives towards locked.
    public var lockOutput: PinSettings
    /// Active: the motor drives towards unlocked.
    public var unlockOutput: PinSettings
    /// Active: the bolt is locked. Nil where it has no contact.
    public var feedback: PinSettings?
    public var pulseMilliseconds: Int
    public var debounceMilliseconds: Int

    public init(_ fields: Fields) {
        lockOutput = fields.pin("lockOutput", "The input of the H-bridge towards locked.")
        unlockOutput = fields.pin("unlockOutput", "The input of the H-bridge towards unlocked; on the same chip.")
        feedback = fields.optionalObject(
            "feedback",
            "The contact of the bolt. Active: locked. Without one the lock counts as being where it was driven to."
        )
        pulseMilliseconds = fields.integer(
            "pulseMilliseconds",
            50...4000,
            default: 600,
            unit: "ms",
            "How long the motor is driven: solenoids 300 ms, motors 600 ms."
        )
        debounceMilliseconds = fields.debounce(default: 20)
    }

    public var claims: [DriverClaim] { [lockOutput.claim, unlockOutput.claim] + [feedback].compactMap { $0?.claim } }
}

/// Of the driver `gpio-input`.
public struct GPIOInputSettings: DriverSettings {
    /// Active: it has tripped, or there is voltage behind the contactor.
    public var input: PinSettings
    /// Active: a residual current device is made to trip.
    public var test: PinSettings?
    public var debounceMilliseconds: Int

    public init(_ fields: Fields) {
        input = fields.pin("input", "Active: it has tripped; of outputVoltage: there is voltage.")
        test = fields.optionalObject(
            "test",
            "What makes a residual current device trip. Active: it is to. One without it needs \"residualCurrentTest\": false."
        )
        debounceMilliseconds = fields.debounce(default: 0)
    }

    public var claims: [DriverClaim] { [input.claim] + [test].compactMap { $0?.claim } }
}

/// Of the driver `gpio-indicator`.
public struct GPIOIndicatorSettings: DriverSettings {
    /// Active: on.
    public var red: PinSettings?
    public var green: PinSettings?
    public var blue: PinSettings?
    public var buzzer: PinSettings?

    public init(_ fields: Fields) {
        red = fields.optionalObject("red", "The red light. Active: on.")
        green = fields.optionalObject("green", "The green light. Active: on.")
        blue = fields.optionalObject("blue", "The blue light. Active: on.")
        buzzer = fields.optionalObject("buzzer", "The buzzer. Active: on. All of them on one chip.")
    }

    public var claims: [DriverClaim] { [red, green, blue, buzzer].compactMap { $0?.claim } }
}

extension Fields {
    fileprivate func pin(_ name: String, _ about: String) -> PinSettings {
        optionalObject(name, required: true, about) ?? .absent
    }

    fileprivate func debounce(default standard: Int) -> Int {
        integer(
            "debounceMilliseconds",
            0...1000,
            default: standard,
            unit: "ms",
            "A change counts once the line has been steady for so long."
        )
    }
}
