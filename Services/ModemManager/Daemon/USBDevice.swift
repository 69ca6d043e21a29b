internal import Glibc

/// Devices of USB as the kernel shows them (`/sys/bus/usb`): a modem has serial ports and a network interface below one of them.
enum USBDevice {
    /// The network interface of the device that a serial port belongs to.
    /// - Parameters:
    ///   - port: A path below `/dev`, or a link to one.
    ///   - system: Where the kernel shows its devices.
    /// - Returns: The first one by name; nil where there is none.
    static func interface(besidePort port: String, system: String = "/sys") -> String? {
        guard let path = resolved(port), let name = path.split(separator: "/").last,
            let device = device(of: "\(system)/class/tty/\(name)/device")
        else { return nil }
        let folder = "\(system)/class/net"
        return entries(folder).sorted().first { Self.device(of: "\(folder)/\($0)/device") == device }
    }

    /// The folder of the device of USB that this one is a part of: the nearest one above it that has a number of a product.
    private static func device(of path: String) -> String? {
        guard var folder = resolved(path) else { return nil }
        while let end = folder.lastIndex(of: "/"), end > folder.startIndex {
            if access(folder + "/idProduct", F_OK) == 0 { return folder }
            folder = String(folder[..<end])
        }
        return nil
    }

    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    private static func entries(_ path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
