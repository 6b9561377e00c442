using System.Net;
using Mooring.Core.Failover;

namespace Mooring.Core.Tests.Failover.Simulation;

// What the machine asks for is done: packets sent, terms kept, addresses held.
internal sealed partial class SimNode
{
    /// <returns>The address when it could not be announced.</returns>
    private IPAddress? Execute(FailoverAction action)
    {
        switch (action)
        {
            case FailoverAction.SendHeartbeat send:
                _cluster.Send(this, send.Peer, Say(send), ++_sequence);
                break;
            case FailoverAction.ExtendDeadline extend:
                Extend(_cluster.IndexOf(extend.Address), extend.Deadline);
                break;
            case FailoverAction.PersistTerm persist:
                _disk[persist.Address] = persist.Highest;
                break;
            case FailoverAction.Hold hold:
                Hold(_cluster.IndexOf(hold.Address), hold);
                if (FailingAnnouncements == 0)
                {
                    break;
                }

                FailingAnnouncements--;
                _cluster.AnnouncementFailedAt = _cluster.Now;
                return hold.Address;
            case FailoverAction.Announce announce:
                Expect(_deadlines[_cluster.IndexOf(announce.Address)] is not null, "announces what it does not hold");
                _cluster.Announced(this, announce.Address);
                break;
            case FailoverAction.Release release:
                var index = _cluster.IndexOf(release.Address);
                Expect(_deadlines[index] is not null, $"released {release.Address} that it did not hold");
                Drop(index);
                _cluster.Watch?.Released(this, index, release.Reason);
                break;
            case FailoverAction.HolderChanged changed:
                Changes.Add((_cluster.Now, changed));
                if (changed.Role == AddressRole.Holder)
                {
                    _cluster.Controller.Reported(Name, changed.Address, changed.Term);
                    _cluster.Watch?.Took(this, _cluster.IndexOf(changed.Address), changed);
                }

                break;
            case FailoverAction.MoveGivenUp given:
                GivenUp.Add(given);
                break;
            case FailoverAction.Conflict conflict:
                Conflicts.Add(conflict);
                break;
        }

        return null;
    }

    /// <summary>While nothing changes the machine says the same thing again, and so does the node.</summary>
    private Heartbeat Say(FailoverAction.SendHeartbeat send)
    {
        ref var said = ref _said[_cluster[send.Peer].Index];
        if (!ReferenceEquals(said.Action, send) || said.Heartbeat!.Epoch != Epoch)
        {
            said = (send, new Heartbeat
            {
                Sender = Name,
                Epoch = Epoch,
                Revision = Snapshot.Revision,
                ReceiverEpoch = send.PeerEpoch,
                Leaving = send.Leaving,
                Claims = send.Claims,
            });
        }

        return said.Heartbeat!;
    }

    private void Hold(int address, FailoverAction.Hold hold)
    {
        Expect(hold.Term > Claimed[address], $"claims {hold.Address} again under term {hold.Term}");
        Expect(hold.Term <= _disk[hold.Address], $"claims {hold.Address} under term {hold.Term}, which is not durable");
        Claimed[address] = hold.Term;
        Taken[address]++;
        TakenAt[address] = _cluster.Now;
        _cluster.HeldBy[address] += _deadlines[address] is null ? 1 : 0;
        _deadlines[address] = hold.Deadline;
        _cluster.Announced(this, hold.Address);
    }

    private void Extend(int address, TimeSpan deadline)
    {
        Expect(_deadlines[address] is { } before && deadline > before, "moves a deadline back");
        Expect(
            _deadlines[address] >= LocalTime() || !_cluster.Rules.HolderStopsAtDeadline, "revives a deadline that passed");
        var vip = Snapshot.VirtualIps[address];
        Expect(
            deadline <= LocalTime() + (vip.HeartbeatInterval * vip.DetectMultiplier) + Rounding,
            "answers longer than its standbys wait");
        _deadlines[address] = deadline;
    }

    private void Drop(int address)
    {
        if (_deadlines[address] is not null)
        {
            _deadlines[address] = null;
            _cluster.HeldBy[address]--;
        }
    }
}
