internal import BusSchema

/// Sizes that bound the store's memory and files.
public enum ConfigLimits {
    /// Services that may declare keys.
    public static let owners = 16
    /// Keys that one service may declare.
    public static let keysPerOwner = 500
    /// Characters of a key (OCPP 1.6 §7.29, CiString50).
    public static let keyLength = 50
    /// Bytes of one value; declarations may set less.
    public static let valueBytes = KeyDeclaration.longestValueBytes
    /// Values kept on disk, those of keys that nobody declares any more included. Beyond it a new key is refused.
    public static let storedValues = 10_000
    /// Changes that `config.history` can show.
    public static let history = 500
    /// Payload of a history reply, well below the bus's limit; older changes are left out.
    public static let historyBytes = 128 * 1024
    /// What all values of one service, each at its longest, may take of a payload. The rest is for its other fields and for what is said
    /// of unfit values.
    public static let valuesBytes = BusLimits.payloadBytes - unfitBytes - 1024
    /// What a reply may say of stored values that do not fit.
    public static let unfitBytes = 32 * 1024
    /// The revision beyond which the store no longer counts. A record on the disk that claims more is damaged.
    public static let revisions: Int64 = 1 << 53
    /// Characters of a reason; the rest is cut.
    public static let reasonLength = 200
}
