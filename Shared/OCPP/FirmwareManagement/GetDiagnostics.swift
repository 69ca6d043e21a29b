public import Primitives

/// Has a diagnostics file uploaded. Sent by the central system. OCPP 1.6 §5.9.
public enum GetDiagnostics {
    /// `GetDiagnostics.req`, OCPP 1.6 §6.25.
    public struct Request: Codable, Equatable, Sendable {
        /// URI of the directory to upload to.
        public var location: String
        /// How often to try again (E §3.50).
        public var retries: Int?
        /// Seconds between tries.
        public var retryInterval: Int?
        /// Oldest entry wanted.
        public var startTime: Timestamp?
        /// Newest entry wanted.
        public var stopTime: Timestamp?

        /// Takes the fields as they are; optional ones default to absent.
        public init(
            location: String,
            retries: Int? = nil,
            retryInterval: Int? = nil,
            startTime: Timestamp? = nil,
            stopTime: Timestamp? = nil
        ) {
            self.location = location
            self.retries = retries
            self.retryInterval = retryInterval
            self.startTime = startTime
            self.stopTime = stopTime
        }
    }

    /// `GetDiagnostics.conf`, OCPP 1.6 §6.26.
    public struct Confirmation: Codable, Equatable, Sendable {
        /// Name of the file that will be uploaded; absent when there is nothing to upload.
        public var fileName: CiString255?

        /// Takes the fields as they are; optional ones default to absent.
        public init(fileName: CiString255? = nil) {
            self.fileName = fileName
        }
    }
}
