/// The machine boots within a Hard Reset, where the site wants that.
public enum MachineBoot {
    /// How long the machine may take to ask this program to end. systemd needs less than a second; packages that are being installed, or a
    /// machine without the unit that does it, make it for ever.
    static let patience: Duration = .seconds(20)
}
