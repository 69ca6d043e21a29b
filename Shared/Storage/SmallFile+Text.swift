extension SmallFile {
    /// The kernel's id of this boot of the machine; the same word for all where it has none.
    public static var machineBootId: String { SmallFile("/proc/sys/kernel/random/boot_id").foreignText ?? "unknown" }

    /// The text of another program's file without the space around it; nil when it cannot be read or is empty.
    public var foreignText: String? {
        do throws(SmallFileError) { return try text(from: .foreign) } catch { return nil }
    }

    /// The text of the file without the space around it.
    /// - Parameter source: What is accepted in its place.
    /// - Returns: Nil when there is none.
    /// - Throws: `SmallFileError`; `.tooLarge` above `maximumBytes`.
    public func text(from source: Source) throws(SmallFileError) -> String? {
        let text = String(decoding: try read(from: source), as: UTF8.self)
        let trimmed = text.drop { $0.isWhitespace }
        guard let last = trimmed.lastIndex(where: { !$0.isWhitespace }) else { return nil }
        return String(trimmed[...last])
    }
}
