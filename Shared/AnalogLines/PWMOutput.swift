public import EventLoop
internal import Glibc
internal import Primitives

/// A PWM output of the kernel, taken into use. See the README of this module: its calls wait, and it runs on when the process ends.
public struct PWMOutput: Sendable {
    /// Its folder: `/sys/class/pwm/pwmchip0/pwm1`.
    private let folder: String

    /// Finds the chip and takes the output into use, if it is not already.
    /// - Parameters:
    ///   - chip: The device that the chip belongs to (`fe20c000.pwm`), or the path of the chip in sysfs.
    ///   - channel: Which output of the chip, from 0.
    ///   - system: Where sysfs is.
    ///   - patience: How long its files are waited for: rules of udev give them to us a moment after they are there.
    /// - Throws: `SystemError`: `ENOENT` when there is no such chip, `EBUSY` when the kernel uses the output itself.
    public init(
        chip: String,
        channel: Int,
        system: String = "/sys",
        patience: Duration = .seconds(1)
    ) throws(SystemError) {
        let path = try Self.find(chip, system)
        folder = "\(path)/pwm\(channel)"
        let enable = Attribute(path: folder + "/enable")
        if !enable.isThere { try Attribute(path: path + "/export").write(String(channel)) }
        let until = EventLoop.uptime() + patience
        while access(enable.path, W_OK) != 0 {
            let code = errno
            guard EventLoop.uptime() < until else { throw SystemError(code: code, operation: "use \(enable.path)") }
            _ = usleep(10_000)
        }
    }

    /// Writes one of its attributes: `period`, `duty_cycle`, `polarity`, `enable`.
    /// - Throws: `SystemError`: `EINVAL` when the chip cannot do that.
    public func write(_ attribute: String, _ text: String) throws(SystemError) {
        try Attribute(path: "\(folder)/\(attribute)").write(text)
    }

    /// What one of its attributes says now, as a number.
    /// - Throws: `SystemError`: `EIO` when it is none.
    public func number(_ attribute: String) throws(SystemError) -> Int {
        let file = Attribute(path: "\(folder)/\(attribute)")
        guard let number = Int(try file.read()) else { throw SystemError(code: EIO, operation: "read \(file.path)") }
        return number
    }

    private static func find(_ chip: String, _ system: String) throws(SystemError) -> String {
        if chip.hasPrefix("/") { return chip }
        let root = system + "/class/pwm"
        for name in AttributeFolder(path: root).names(beginningWith: "pwmchip") {
            let path = "\(root)/\(name)"
            if AttributeFolder(path: path + "/device").resolved?.lastPart == chip { return path }
        }
        throw SystemError(code: ENOENT, operation: "find the PWM chip \(chip)")
    }
}
