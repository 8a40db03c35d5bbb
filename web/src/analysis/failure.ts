/** Why there is no result, and what a person can do about it. */
export interface FailureWords {
  title: string;
  /** What happened. */
  what: string;
  /** What to do. */
  advice: string;
  /** Sending the same file again may help. */
  retry: boolean;
}

const formats = 'JPEG, PNG, WebP, GIF, BMP and TIFF pictures, and MP4, MOV, AVI, MKV and WebM videos';

const failures: Readonly<Record<string, FailureWords>> = {
  empty_body: { title: 'The file is empty', what: 'It holds no data at all.', advice: 'Check that it was saved or downloaded completely, then choose it again.', retry: false },
  invalid_request: { title: 'The request was not understood', what: 'The service could not make sense of what was sent.', advice: 'Reload the page and choose the file again.', retry: true },
  missing_file: { title: 'No file arrived', what: 'The request reached the service without a file.', advice: 'Choose the file again.', retry: true },
  media_too_large: { title: 'The file is too large', what: 'It has more bytes than this service accepts.', advice: 'Send a shorter part, or save it with a smaller size.', retry: false },
  too_many_pixels: { title: 'The picture is too large', what: 'It has more pixels than this service accepts.', advice: 'Crop it to the face or scale it down.', retry: false },
  media_too_long: { title: 'The video is too long', what: 'It runs longer than this service accepts.', advice: 'Cut out the part that matters and send that.', retry: false },
  unsupported_media: { title: 'This kind of file is not supported', what: 'Its content is not a picture or video format known here, whatever its name says.', advice: `Accepted are ${formats}.`, retry: false },
  playlist_rejected: { title: 'This is a playlist, not a video', what: 'Playlists only point to other files and are not opened.', advice: 'Send the video file itself.', retry: false },
  media_truncated: { title: 'The file is incomplete', what: 'It ends before its content does.', advice: 'Copy or download it again from the source, then choose it again.', retry: false },
  media_corrupt: { title: 'The file is damaged', what: 'It could not be decoded.', advice: 'Check that it opens in a viewer; saving it again in another format may help.', retry: false },
  no_video_stream: { title: 'There is no picture in this file', what: 'It may hold only sound.', advice: 'Choose a file with a picture or a video track.', retry: false },
  not_found: { title: 'This analysis does not exist', what: 'It was deleted, or the link is wrong.', advice: 'Start a new check with the original file.', retry: false },
  already_ended: { title: 'This analysis has ended already', what: 'There was nothing left to cancel.', advice: 'Reload the page to see its result.', retry: false },
  not_ended: { title: 'The analysis is still running', what: 'Its report comes with its end.', advice: 'Wait until it is over.', retry: false },
  unauthenticated: { title: 'The service asks for an API key', what: 'It does not know who is asking.', advice: 'Give a valid key, then try again.', retry: true },
  forbidden: { title: 'This is not allowed', what: 'The API key lacks the permission for it.', advice: 'Use another key, or ask whoever runs this service.', retry: false },
  rate_limited: { title: 'Too much at once', what: 'The API key has reached a limit, so this was not accepted.', advice: 'Wait a while and try again.', retry: true },
  idempotency_in_progress: { title: 'It is being sent already', what: 'The same request is still on its way.', advice: 'Wait a moment and try again.', retry: true },
  idempotency_key_reused: { title: 'The request was not understood', what: 'Its name was used for another request before.', advice: 'Reload the page and choose the file again.', retry: true },
  delivery_in_progress: { title: 'The notice is on its way', what: 'It is being delivered at this moment.', advice: 'Wait a moment and try again.', retry: true },
  webhook_limit_reached: { title: 'There are too many webhook endpoints', what: 'No more can be added.', advice: 'Remove one that is not needed.', retry: false },
  upload_conflict: { title: 'The upload stands elsewhere', what: 'Another part of the file arrived before this one.', advice: 'Choose the file again; the upload goes on where it stands.', retry: true },
  upload_incomplete: { title: 'The upload is not complete', what: 'A part of the file has not arrived yet.', advice: 'Choose the file again; the upload goes on where it stands.', retry: true },
  checksum_mismatch: { title: 'The file changed on its way', what: 'What arrived is not what was sent.', advice: 'Try again. If it happens again, check the connection.', retry: true },
  unsupported_version: { title: 'Page and service do not fit together', what: 'One of them is of another version.', advice: 'Reload the page and choose the file again.', retry: true },
  url_not_allowed: { title: 'This address is not allowed', what: 'Files are fetched from public https addresses only.', advice: 'Download the file yourself and choose it here.', retry: false },
  url_unreachable: { title: 'This address cannot be reached', what: 'No file came from there.', advice: 'Check the address, or download the file yourself and choose it here.', retry: true },
  media_gone: { title: 'The file was removed', what: 'It is not kept any more, so it cannot be analysed again.', advice: 'Choose the original file again.', retry: false },
  no_verdict: { title: 'There is no verdict to review', what: 'The analysis has not come to one.', advice: 'Wait until it is over, or start a new check.', retry: false },
  model_refused: { title: 'The model was refused', what: 'It is not what its description says; the others go on.', advice: 'Check its file and its description.', retry: false },
  last_model: { title: 'It is the last model', what: 'Without it nothing would be judged.', advice: 'Add another one first.', retry: false },
  backlog_full: { title: 'The service is busy', what: 'Too many files are waiting, so this one was not accepted.', advice: 'Wait a minute and try again.', retry: true },
  unavailable: { title: 'The service is not available', what: 'A part of it is out of reach; nothing was accepted.', advice: 'Wait a minute and try again.', retry: true },
  deadline_exceeded: { title: 'It took too long', what: 'The analysis was not finished in time and was stopped.', advice: 'Try again later, or send a shorter part.', retry: true },
  stage_failed: { title: 'The analysis did not succeed', what: 'A step failed again and again.', advice: 'Try again. If it fails once more, the file may be the cause: try another version of it.', retry: true },
  internal_error: { title: 'Something went wrong on our side', what: 'The service made a mistake.', advice: 'Try again. If it happens again, tell whoever runs this service.', retry: true },
  network: { title: 'The connection was lost', what: 'The service did not answer, the file could not be read, or it is larger than the service accepts.', advice: 'Check the connection and the file, then try again.', retry: true },
};

/** Codes that have words of their own. */
export const knownFailures: readonly string[] = Object.keys(failures);

/** An error code in plain words; unknown codes are treated as a fault of the service, with the detail it gave. */
export function failureWords(code: string, detail = ''): FailureWords {
  return (
    failures[code] ?? {
      title: 'The file could not be analysed',
      what: detail || `The service answered "${code}".`,
      advice: 'Try again, or try another version of the file.',
      retry: true,
    }
  );
}
