internal import Glibc

/// A device by whatever path: `/dev/serial/by-id/…` leads to the same as `/dev/ttyUSB0`.
public enum DeviceFile {
    /// What the device of a path is, whatever it is called.
    /// - Returns: The same text for two paths exactly if they lead to the same; nil where there is nothing, and for what is no path.
    public static func identity(of path: String) -> String? {
        guard path.hasPrefix("/") else { return nil }
        var found = stat()
        guard stat(path, &found) == 0 else { return nil }
        guard found.st_mode & S_IFMT == S_IFCHR else { return "file \(found.st_dev):\(found.st_ino)" }
        return "device \(found.st_rdev)"
    }
}
