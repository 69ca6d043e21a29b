public import Primitives

/// A CALLRESULT to a request of ours whose payload does not fit. The central system has processed the request all the same (JE §3.3):
/// to send it again would do it twice. What could be read is kept.
public struct UnreadableResult: Equatable, Sendable {
    /// What was wrong and where, for the log, without the values.
    public var problem: String
    /// What could be read of it.
    public var salvaged: SalvagedResult

    public init(problem: String, salvaged: SalvagedResult = .nothing) {
        self.problem = problem
        self.salvaged = salvaged
    }
}

/// The fields of an unreadable CALLRESULT that fit by themselves, whatever is wrong beside them; nil for those that do not.
public enum SalvagedResult: Equatable, Sendable {
    /// Of Authorize.conf and StopTransaction.conf.
    case identifier(SalvagedIdTagInfo)
    /// Of BootNotification.conf.
    case registration(status: RegistrationStatus?, currentTime: Timestamp?, intervalSeconds: Int?)
    /// Of StartTransaction.conf. The number may have been written as a text of digits.
    case transaction(id: Int?, identifier: SalvagedIdTagInfo)
    /// Of any other answer, and where there is no object to read.
    case nothing

    /// What could be read of the identifier, if the answer is of a kind that says something of one.
    public var identifier: SalvagedIdTagInfo? {
        switch self {
        case .identifier(let identifier), .transaction(_, let identifier): identifier
        case .registration, .nothing: nil
        }
    }
}

/// The fields of an `IdTagInfo` that fit. An expiry date that cannot be read is nil as if there were none: whoever would remember that
/// somebody is accepted for later must not.
public struct SalvagedIdTagInfo: Equatable, Sendable {
    /// Nil where nothing was said. What cannot be read is not Accepted: it is Invalid here.
    public var status: AuthorizationStatus?
    public var parentIdTag: IdToken?
    public var expiryDate: Timestamp?

    public init(status: AuthorizationStatus? = nil, parentIdTag: IdToken? = nil, expiryDate: Timestamp? = nil) {
        self.status = status
        self.parentIdTag = parentIdTag
        self.expiryDate = expiryDate
    }
}
