/// Something of which there is one, and that a driver needs: a serial port, a pin.
public struct DriverClaim: Hashable, Sendable {
    /// For people, and what tells it from others: `/dev/serial/by-id/…`, `gpiochip0 line 17`.
    public var resource: String
    /// How it is used: `modbus-rtu, 9600 8E1`. Devices that use it in the same manner share it; nil when nobody can.
    public var manner: String?
    /// What tells those that share it from each other: `unit 1`. Nil when nothing need.
    public var address: String?

    public init(_ resource: String, manner: String? = nil, address: String? = nil) {
        self.resource = resource
        self.manner = manner
        self.address = address
    }

    /// One device and what its driver needs.
    struct Claimant {
        /// Where in the file it stands.
        var path: String
        var claims: [DriverClaim]
    }

    /// What two devices cannot have both, each told at the second of them.
    static func conflicts(among claimants: [Claimant]) -> [(path: String, problem: String)] {
        var first: [String: (path: String, claim: DriverClaim)] = [:]
        var addresses: [DriverClaim: String] = [:]
        var conflicts: [(path: String, problem: String)] = []
        for claimant in claimants {
            for claim in claimant.claims {
                guard let (path, other) = first[claim.resource] else {
                    first[claim.resource] = (claimant.path, claim)
                    addresses[claim] = claimant.path
                    continue
                }
                if let manner = claim.manner, manner == other.manner {
                    if claim.address != nil, let holder = addresses[claim] {
                        let address = claim.address ?? ""
                        conflicts.append(
                            (claimant.path, "\(address) on \(claim.resource) is that of \(holder) already")
                        )
                    } else {
                        addresses[claim] = claimant.path
                    }
                } else {
                    let manners = [claim.manner, other.manner].compactMap(\.self)
                    let why = manners.count == 2 ? ", as \(manners[1]) and not as \(manners[0])" : ""
                    conflicts.append((claimant.path, "\(claim.resource) belongs to \(path) already\(why)"))
                }
            }
        }
        return conflicts
    }
}

/// What a driver needs to know of one device, beside its own name.
public protocol DriverSettings: SiteReadable {
    /// What of the charger it needs for itself, or shares.
    var claims: [DriverClaim] { get }
}

extension DriverSettings {
    public var claims: [DriverClaim] { [] }
}
