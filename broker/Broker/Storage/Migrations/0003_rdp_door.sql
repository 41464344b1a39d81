-- The connection a ticket opened last: after that one broke, the same client may bring the ticket again for a short time.
alter table ticket add column connection_id uuid;
create index ticket_connection_ix on ticket (connection_id) where connection_id is not null;

-- What a session of this pool may not carry between the person's device and the desktop.
alter table pool add column blocked_features text[] not null default '{}'
    constraint pool_blocked_features_ck check (blocked_features <@ array[
        'clipboard_to_desktop', 'clipboard_from_desktop', 'drives', 'printers', 'usb', 'smart_cards', 'audio_out', 'audio_in']);
