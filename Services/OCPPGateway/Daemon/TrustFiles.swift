import SiteConfiguration
import Storage
import TLS

/// The certificates to trust, as files. They are read at each dial, because a person may replace them while the program runs.
final class TrustFiles {
    let roots: String
    private let revocations: String?
    /// What was read last, and the context made of it.
    private var latest: (content: Content, context: TLSContext)?

    private struct Content: Equatable {
        var roots: [UInt8]
        var revocations: [UInt8]?
    }

    /// - Parameters:
    ///   - roots: Path of certificates in PEM.
    ///   - revocations: Path of revocation lists in PEM.
    init(roots: String, revocations: String?) {
        self.roots = roots
        self.revocations = revocations
    }

    /// The context for the next connection: the one of before unless a file has changed.
    /// - Throws: `TLSFailure` that names the file which cannot be used.
    func context() throws(TLSFailure) -> TLSContext {
        var content = Content(roots: try read(roots))
        if let revocations { content.revocations = try read(revocations) }
        if let latest, latest.content == content { return latest.context }
        latest = nil
        let context: TLSContext
        do throws(TLSFailure) {
            context = try TLSContext.client(roots: content.roots, revocations: content.revocations)
        } catch {
            guard error.cause == .configuration else { throw error }
            throw TLSFailure(.configuration, "\(roots)\(revocations.map { " or \($0)" } ?? ""): \(error)")
        }
        latest = (content, context)
        return context
    }

    private func read(_ path: String) throws(TLSFailure) -> [UInt8] {
        do throws(SmallFileError) {
            return try SmallFile(path, maximumBytes: CentralSystemSection.largestTrustFile).read(from: .foreign)
        } catch {
            throw TLSFailure(.configuration, error.description)
        }
    }
}
