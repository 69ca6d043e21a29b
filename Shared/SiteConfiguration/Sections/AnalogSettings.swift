internal import Primitives

/// One voltage of a converter that the kernel reads (IIO), as drivers ask for it, with what the board puts in front of it.
public struct AnalogInputSettings: SiteReadable, Equatable, Sendable {
    /// Name of the converter (`ads1015`), or of the device that it is (`0-0048`).
    public var device: String
    /// 0…63.
    public var channel: Int
    /// The voltage on the board is `converter × numerator ÷ denominator + offsetMillivolts`. Not 0.
    public var numerator: Int
    /// 1 or more.
    public var denominator: Int
    public var offsetMillivolts: Int

    public init(_ fields: Fields) {
        device = fields.text(
            "device",
            1...64,
            "The converter: its name in /sys/bus/iio/devices/iio:device*/name (ads1015), or the device that it is (0-0048) where two have one name."
        )
        channel = fields.integer("channel", 0...63, "Number of its voltage: 0 for in_voltage0_raw.")
        let multiplier = fields.integer(
            "numerator",
            -1_000_000...1_000_000,
            default: 1,
            "What the board divides by: the voltage on the board is that of the converter × numerator ÷ denominator + offsetMillivolts. Below 0 where it inverts."
        )
        if multiplier == 0 { fields.note("numerator", "expected anything but 0") }
        numerator = multiplier == 0 ? 1 : multiplier
        denominator = fields.integer("denominator", 1...1_000_000, default: 1, "See numerator.")
        offsetMillivolts = fields.integer(
            "offsetMillivolts",
            -100_000...100_000,
            default: 0,
            unit: "mV",
            "The voltage on the board when the converter reads 0."
        )
    }

    var claim: DriverClaim { DriverClaim("voltage \(channel) of \(device)") }
}

/// A PWM output of the kernel.
public struct PWMOutputSettings: SiteReadable, Equatable, Sendable {
    /// The device that its chip belongs to, or the path of the chip.
    public var chip: String
    /// 0…63.
    public var channel: Int

    public init(_ fields: Fields) {
        chip = fields.text(
            "chip",
            1...200,
            "The device that the chip belongs to, as /sys/class/pwm/pwmchip*/device leads to it (fe20c000.pwm), or the path of the chip."
        )
        channel = fields.integer("channel", 0...63, default: 0, "Which output of the chip.")
    }

    var claim: DriverClaim { DriverClaim("PWM \(channel) of \(chip)") }
}

/// Of the driver `pwm-pilot`.
public struct PWMPilotSettings: DriverSettings, Sendable {
    public var output: PWMOutputSettings
    /// The board turns the output around.
    public var isInverted: Bool
    /// The pilot, or what a detector holds of its positive half-wave.
    public var positive: AnalogInputSettings
    /// What a detector holds of its negative half-wave; nil where `positive` is the pilot itself.
    public var negative: AnalogInputSettings?
    /// 40…1024.
    public var burst: Int

    public init(_ fields: Fields) {
        output = fields.object("pwm", required: true, "The output that makes the 1 kHz of the pilot.")
        isInverted = fields.truth(
            "inverted",
            default: false,
            "Whether the board turns it around: the pilot is at +12 V while the output is low."
        )
        positive = fields.object(
            "positive",
            required: true,
            "Where the pilot is measured: what a peak detector holds of its positive half-wave, or the pilot itself."
        )
        negative = fields.optionalObject(
            "negative",
            "What a peak detector holds of its negative half-wave. Without it positive is the pilot itself, and sampled in bursts."
        )
        burst = fields.integer(
            "burst",
            40...1024,
            default: 96,
            "So many samples are taken of the pilot itself each time; they have to be less than 25 µs apart for offers above 51 A, and 100 µs below."
        )
    }

    public var claims: [DriverClaim] { [output.claim, positive.claim] + [negative].compactMap { $0?.claim } }
}

/// Of the driver `iio-proximity`.
public struct ProximityInputSettings: DriverSettings, Sendable {
    public var input: AnalogInputSettings
    public var pullUpOhms: Int
    public var supplyMillivolts: Int

    public init(_ fields: Fields) {
        input = fields.object("input", required: true, "Where the voltage of the proximity contact is measured.")
        pullUpOhms = fields.integer(
            "pullUpOhms",
            50...100_000,
            unit: "Ω",
            "The resistor that pulls the contact up; the one in the plug pulls it down."
        )
        supplyMillivolts = fields.integer(
            "supplyMillivolts",
            1000...24_000,
            unit: "mV",
            "What it is pulled up to."
        )
    }

    public var claims: [DriverClaim] { [input.claim] }
}

/// Of the driver `s0-meter`.
public struct PulseMeterSettings: DriverSettings, Sendable {
    /// Active: a pulse.
    public var input: PinSettings
    public var pulsesPerKilowattHour: Int
    public var debounceMilliseconds: Int

    public init(_ fields: Fields) {
        input =
            fields.optionalObject("input", required: true, "The output of the meter. Active: a pulse.") ?? .absent
        pulsesPerKilowattHour = fields.integer(
            "pulsesPerKilowattHour",
            1...100_000,
            unit: "1/kWh",
            "As it is printed on the meter."
        )
        debounceMilliseconds = fields.integer(
            "debounceMilliseconds",
            0...25,
            default: 10,
            unit: "ms",
            "A change counts once the line has been steady for so long; a pulse lasts 30 ms or more (IEC 62053-31)."
        )
    }

    public var claims: [DriverClaim] { [input.claim] }
}
