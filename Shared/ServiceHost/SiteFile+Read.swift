public import SiteConfiguration
internal import Storage

extension SiteFile {
    /// Reads a file.
    /// - Parameter path: Where it is, also its name in errors.
    /// - Throws: `SiteFileError` when it cannot be read, or is no JSON object. Its sections are checked when they are read.
    public init(path: String) throws(SiteFileError) {
        let bytes: [UInt8]
        do throws(SmallFileError) {
            bytes = try SmallFile(path, maximumBytes: Self.maximumBytes).read(from: .regular)
        } catch {
            let problem =
                switch error {
                case .system(let error): "cannot be read: \(error.reason); services take another with --config"
                case .tooLarge(_, let limit): "expected at most \(limit) bytes"
                case .unfit(_, let expected, let found): "expected \(expected), found \(found)"
                }
            throw SiteFileError(file: path, path: "", problem: problem)
        }
        try self.init(bytes: bytes, name: path)
    }
}
