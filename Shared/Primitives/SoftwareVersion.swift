/// The version of this software, the same for every program built from one source tree.
public enum SoftwareVersion {
    /// Major, minor, patch. Reported by `--version`, announced on the bus.
    public static let current = "0.1.0"
}
